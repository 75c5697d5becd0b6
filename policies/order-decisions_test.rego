package order_decisions_test

import data.company
import data.fixtures_test as fixtures
import data.gatehouse

test_finance_approves_in_office_hours if {
	fixtures.passes with input as fixtures.approved(fixtures.approval)
}

test_a_buyer_does_not_approve if {
	fixtures.codes == {"duties_not_separated"} with input as fixtures.call("buyer", "erp", "approve_purchase_order", fixtures.approval)
}

test_the_answer_to_a_buyer_is_the_same_at_every_hour if {
	call := fixtures.call("buyer", "erp", "approve_purchase_order", fixtures.approval)
	every time in ["2026-11-20T03:00:00Z", "2026-11-21T12:00:00Z", "2026-12-25T12:00:00Z"] {
		fixtures.codes == {"duties_not_separated"} with input as fixtures.at(call, time)
	}
}

test_support_does_not_approve if {
	fixtures.codes == {"operation_not_granted"} with input as fixtures.call("support", "erp", "approve_purchase_order", fixtures.approval)
}

# The grant that nobody should make: duties stay apart all the same.
test_an_agent_with_both_grants_still_cannot_approve if {
	both := {"buyer": {"erp": ["create_purchase_order", "approve_purchase_order"]}}
	call := fixtures.call("buyer", "erp", "approve_purchase_order", fixtures.approval)
	fixtures.codes == {"duties_not_separated"} with input as call with company.grants as both
}

test_outside_office_hours_nothing_is_approved if {
	every time in [
		"2026-11-20T06:59:59.999999Z",
		"2026-11-20T17:00:00Z",
		"2026-11-20T23:30:00Z",
		"2026-11-21T09:30:00Z",
		"2026-11-22T09:30:00Z",
		"2026-12-25T09:30:00Z",
	] {
		fixtures.codes == {"outside_office_hours"} with input as fixtures.at(fixtures.approved(fixtures.approval), time)
	}
}

test_a_call_without_a_time_that_can_be_read_is_not_approved if {
	every time in array.concat(fixtures.rubbish, ["2026-11-20", "2026-11-20 09:30:00", "now", 1763631000]) {
		fixtures.codes == {"outside_office_hours"} with input as fixtures.at(fixtures.approved(fixtures.approval), time)
	}
	fixtures.codes == {"outside_office_hours"} with input as fixtures.without(fixtures.approved(fixtures.approval), "call/time")
}

test_a_large_approval_asks_the_head_of_finance if {
	fixtures.passes with input as fixtures.approved(object.union(fixtures.approval, {"amount": 50000}))
	large := fixtures.approved(object.union(fixtures.approval, {"amount": 50000.01}))
	fixtures.asks with input as large
	questions := gatehouse.ask with input as large
	questions == {{
		"chain": ["head_of_finance"],
		"reason": "the amount is larger than an agent may approve alone",
		"risk": "high",
		"ttl": "24h",
		"summary": "approve order `PO-000003` over 50000.01 EUR",
	}}
}

test_what_is_asked_at_night_is_refused_at_night if {
	large := fixtures.approved(object.union(fixtures.approval, {"amount": 90000}))
	fixtures.codes == {"outside_office_hours"} with input as fixtures.at(large, "2026-11-20T22:00:00Z")
}

test_an_approval_says_what_it_approves if {
	fixtures.codes == {"amount_invalid"} with input as fixtures.approved(object.remove(fixtures.approval, ["amount"]))
	fixtures.codes == {"currency_not_accepted"} with input as fixtures.approved(object.remove(fixtures.approval, ["currency"]))
	fixtures.codes == {"amount_invalid"} with input as fixtures.approved(object.union(fixtures.approval, {"amount": "15800"}))
	fixtures.codes == {"currency_not_accepted"} with input as fixtures.approved(object.union(fixtures.approval, {"currency": "XAU"}))
}

test_a_suspended_agent_approves_nothing if {
	suspended := json.patch(fixtures.approved(fixtures.approval), [{"op": "replace", "path": "/agent/status", "value": "suspended"}])
	"agent_not_active" in fixtures.codes with input as suspended
}
