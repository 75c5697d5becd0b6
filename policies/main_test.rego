package main_test

import data.company
import data.fixtures_test as fixtures
import data.gatehouse

reading := fixtures.call("buyer", "erp", "list_vendors", {})

test_an_agent_uses_what_it_was_given if {
	every agent, services in company.grants {
		every server, operations in services {
			every operation in operations {
				gatehouse.allow with input as fixtures.call(agent, server, operation, {})
			}
		}
	}
}

test_no_call_passes_without_anything if {
	not fixtures.passes with input as {}
	not fixtures.passes with input as {"call": {}}
	not fixtures.passes with input as []
	not fixtures.passes with input as null
	not fixtures.passes with input as "allow"
}

test_an_agent_that_nobody_registered_gets_nothing if {
	fixtures.codes == {"agent_not_registered"} with input as fixtures.without(reading, "agent")
	fixtures.codes == {"agent_not_registered"} with input as fixtures.without(reading, "agent/id")
}

test_roles_and_scopes_of_a_token_grant_nothing if {
	boasting := object.union(fixtures.without(reading, "agent"), {"identity": {
		"client_id": "finance",
		"roles": ["finance", "admin"],
		"scopes": ["erp.write"],
	}})
	not fixtures.passes with input as boasting
}

test_a_suspended_agent_gets_nothing if {
	every status in ["suspended", "retired", "Active", "active ", "", null, true, ["active"]] {
		call := json.patch(reading, [{"op": "replace", "path": "/agent/status", "value": status}])
		not gatehouse.allow with input as call
		"agent_not_active" in fixtures.codes with input as call
	}
	not fixtures.passes with input as fixtures.without(reading, "agent/status")
}

test_an_undescribed_call_does_not_pass if {
	plain := object.union(fixtures.without(reading, "call/tool"), {"call": {"http": {"method": "GET", "path": "/erp/vendors"}}})
	"operation_undescribed" in fixtures.codes with input as plain
	not fixtures.passes with input as plain
}

test_an_operation_of_somebody_else_is_refused if {
	fixtures.codes == {"operation_not_granted"} with input as fixtures.call("support", "erp", "create_purchase_order", fixtures.order)
	fixtures.codes == {"operation_not_granted"} with input as fixtures.call("buyer", "crm", "get_customer", {"customer_id": "emea-1001"})
	fixtures.codes == {"operation_not_granted"} with input as fixtures.call("finance", "desk", "list_tickets", {})
}

test_an_operation_of_another_service_with_the_same_name_is_refused if {
	not fixtures.passes with input as fixtures.call("buyer", "crm", "list_vendors", {})
	not fixtures.passes with input as fixtures.call("buyer", "payroll", "list_vendors", {})
}

test_names_are_compared_to_the_letter if {
	every name in ["List_Vendors", "list_vendors ", "list_vendor", "list_vendorſ", "lіst_vendors", "", "*"] {
		not fixtures.passes with input as fixtures.call("buyer", "erp", name, {})
	}
}

test_names_that_objects_of_programs_have_are_nobody if {
	every name in ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"] {
		stranger := {"call": reading.call, "agent": {"id": name, "status": "active"}}
		fixtures.codes == {"operation_not_granted"} with input as stranger
		not fixtures.passes with input as fixtures.call("buyer", name, "list_vendors", {})
		not fixtures.passes with input as fixtures.call("buyer", "erp", name, {})
	}
}

test_names_that_are_no_text_are_nobody if {
	every name in fixtures.rubbish {
		stranger := {"call": reading.call, "agent": {"id": name, "status": "active"}}
		not fixtures.passes with input as stranger
		not fixtures.passes with input as fixtures.call("buyer", name, "list_vendors", {})
		not fixtures.passes with input as fixtures.call("buyer", "erp", name, {})
	}
}

test_every_refusal_has_a_code_a_sentence_and_a_way_out if {
	calls := [
		{},
		fixtures.call("buyer", "erp", "approve_purchase_order", fixtures.approval),
		fixtures.drafted({}),
		fixtures.drafted_with("vendor_id", "initech"),
		fixtures.drafted_with("lines", [{}]),
		fixtures.drafted_with("amount", 1000000),
		fixtures.at(fixtures.approved(fixtures.approval), "2026-11-21T09:30:00Z"),
		fixtures.call("support", "crm", "get_customer", {"customer_id": "emea-1001"}),
		fixtures.call("support", "crm", "update_customer", {"region": "apac", "iban": "x"}),
	]
	every call in calls {
		count(gatehouse.deny) > 0 with input as call
		every reason in gatehouse.deny {
			regex.match(`^[a-z][a-z_]+$`, reason.code)
			regex.match("^[a-z`].*[^.]$", reason.message)
			count(reason.remedy) > 0
			object.keys(reason) == {"code", "message", "remedy"}
		} with input as call
	}
}

test_each_part_of_the_companys_data_is_needed if {
	every part in {"grants", "vendors", "euros_per_unit", "order_limits_in_euros"} {
		rest := object.remove(company, [part])
		fixtures.passes with input as fixtures.drafted(fixtures.order)
		not fixtures.passes with input as fixtures.drafted(fixtures.order) with data.company as rest
	}
	every part in {"grants", "euros_per_unit", "order_limits_in_euros", "office_hours"} {
		rest := object.remove(company, [part])
		fixtures.passes with input as fixtures.approved(fixtures.approval)
		not fixtures.passes with input as fixtures.approved(fixtures.approval) with data.company as rest
	}
	search := fixtures.call("support", "crm", "search_customers", {"region": "emea"})
	every part in {"grants", "customer_data"} {
		rest := object.remove(company, [part])
		fixtures.passes with input as search
		not fixtures.passes with input as search with data.company as rest
	}
	not fixtures.passes with input as reading with data.company as {}
}

test_the_service_learns_for_whom_the_call_is_made if {
	header := {"type": "set_header", "name": "On-Behalf-Of", "value": "buyer", "to": "upstream"}
	header in gatehouse.obligations with input as reading
}

test_long_replies_of_lists_are_limited if {
	limit := {"type": "limit", "response_bytes": 4194304}
	limit in gatehouse.obligations with input as fixtures.call("buyer", "erp", "list_purchase_orders", {})
	not limit in gatehouse.obligations with input as reading
}

test_the_record_is_labelled if {
	gatehouse.labels == {"system": "erp", "operation": "list_vendors"} with input as reading
	gatehouse.labels.data_class == "personal" with input as fixtures.call("support", "crm", "get_customer", {"customer_id": "emea-1001"})
}

test_every_grant_names_an_operation_once if {
	every services in company.grants {
		every operations in services {
			count({operation | some operation in operations}) == count(operations)
		}
	}
}

# Whoever shipped data with both would still be stopped by the separation of duties; better not to ship it.
test_no_agent_is_given_both_drafting_and_approving if {
	every services in company.grants {
		count({"create_purchase_order", "approve_purchase_order"} & {operation | some operation in services.erp}) < 2
	}
}
