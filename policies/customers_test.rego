package customers_test

import data.company
import data.fixtures_test as fixtures
import data.gatehouse

support(operation, arguments) := fixtures.call("support", "crm", operation, arguments)

test_support_reads_customers_of_its_region if {
	fixtures.passes with input as support("get_customer", {"customer_id": "emea-1001", "region": "emea"})
	fixtures.passes with input as support("search_customers", {"region": "emea", "name": "Hartmann"})
	fixtures.passes with input as support("list_contacts", {"customer_id": "emea-1001", "region": "emea"})
	fixtures.passes with input as fixtures.call("support", "desk", "list_tickets", {"region": "emea"})
}

test_support_reads_nobody_of_another_region if {
	every region in ["apac", "amer", "EMEA", "emea ", "еmea", "", "*", "__proto__"] {
		fixtures.codes == {"region_not_own"} with input as support("get_customer", {"customer_id": "emea-1001", "region": region})
		fixtures.codes == {"region_not_own"} with input as support("search_customers", {"region": region})
		fixtures.codes == {"region_not_own"} with input as fixtures.call("support", "desk", "get_ticket", {"ticket_id": "TK-000001", "region": region})
	}
}

test_support_must_name_its_region if {
	every operation in company.grants.support.crm {
		fixtures.codes == {"region_missing"} with input as support(operation, {"customer_id": "emea-1001"})
	}
	every operation in company.grants.support.desk {
		fixtures.codes == {"region_missing"} with input as fixtures.call("support", "desk", operation, {"ticket_id": "TK-000001"})
	}
}

# A filter that is a list could mean one region to this policy and another to the service.
test_a_region_that_is_no_text_counts_as_none if {
	every region in [null, false, true, 0, ["emea"], ["emea", "apac"], {"region": "emea"}] {
		fixtures.codes == {"region_missing"} with input as support("search_customers", {"region": region})
	}
}

test_the_customers_id_does_not_stand_for_the_region if {
	fixtures.codes == {"region_missing"} with input as support("get_customer", {"customer_id": "emea-1001"})
	fixtures.passes with input as support("get_customer", {"customer_id": "apac-3001", "region": "emea"})
}

test_a_support_agent_without_a_region_serves_none if {
	call := support("get_customer", {"customer_id": "emea-1001", "region": "emea"})
	fixtures.codes == {"region_not_own"} with input as fixtures.without(call, "agent/labels/region")
	fixtures.codes == {"region_not_own"} with input as fixtures.without(call, "agent/labels")
	every label in [null, "", ["emea"], {"emea": true}] {
		odd := json.patch(call, [{"op": "replace", "path": "/agent/labels/region", "value": label}])
		fixtures.codes == {"region_not_own"} with input as odd
	}
}

test_a_region_in_the_token_is_no_region if {
	call := support("get_customer", {"customer_id": "apac-3001", "region": "apac"})
	claimed := json.patch(call, [{"op": "add", "path": "/identity/claims", "value": {"region": "apac"}}])
	fixtures.codes == {"region_not_own"} with input as claimed
}

test_finance_reads_customers_of_every_region if {
	every arguments in [{}, {"region": "emea"}, {"region": "apac"}] {
		fixtures.passes with input as fixtures.call("finance", "crm", "search_customers", arguments)
	}
}

test_finance_sees_no_phone if {
	one := fixtures.call("finance", "crm", "get_customer", {"customer_id": "emea-1001"})
	many := fixtures.call("finance", "crm", "search_customers", {})
	fixtures.masked == {"/phone"} with input as one
	fixtures.masked == {"/items/*/phone"} with input as many
}

test_support_sees_no_account_and_no_address if {
	region := {"customer_id": "emea-1001", "region": "emea"}
	fixtures.masked == {"/email", "/iban"} with input as support("get_customer", region)
	fixtures.masked == {"/email", "/iban"} with input as support("update_customer", object.union(region, {"city": "Ulm"}))
	fixtures.masked == {"/items/*/email", "/items/*/iban"} with input as support("search_customers", {"region": "emea"})
	fixtures.masked == {"/items/*/email", "/items/*/iban"} with input as support("list_contacts", region)
}

test_nothing_is_masked_where_there_is_no_customer if {
	fixtures.masked == set() with input as fixtures.drafted(fixtures.order)
	fixtures.masked == set() with input as fixtures.call("support", "desk", "list_tickets", {"region": "emea"})
}

test_support_changes_some_fields if {
	every field in ["city", "email", "name", "phone"] {
		fixtures.passes with input as support("update_customer", {"customer_id": "emea-1001", "region": "emea", field: "x"})
	}
}

test_support_changes_no_account_and_no_manager if {
	every field in ["iban", "account_manager", "id", "version", "__proto__", "constructor", "Email", ""] {
		fixtures.codes == {"field_not_changeable"} with input as support("update_customer", {"customer_id": "emea-1001", "region": "emea", field: "x"})
	}
}

test_a_value_of_nothing_is_a_change_too if {
	every value in fixtures.rubbish {
		fixtures.codes == {"field_not_changeable"} with input as support("update_customer", {"customer_id": "emea-1001", "region": "emea", "iban": value})
	}
}

test_every_field_that_may_not_be_changed_is_named if {
	messages := {reason.message | some reason in gatehouse.deny} with input as support("update_customer", {
		"customer_id": "emea-1001",
		"region": "emea",
		"iban": "x",
		"account_manager": "y",
	})
	messages == {"this agent may not change `iban`", "this agent may not change `account_manager`"}
}

test_a_row_that_is_not_whole_opens_nothing if {
	call := support("search_customers", {"region": "emea"})
	row := company.customer_data.support
	fixtures.passes with input as call with company.customer_data as {"support": row}
	every broken in [
		{},
		null,
		object.remove(row, ["regions"]),
		object.remove(row, ["masked"]),
		object.remove(row, ["changeable"]),
		object.union(row, {"regions": "every"}),
		object.union(row, {"masked": "email"}),
	] {
		"customer_data_not_granted" in fixtures.codes with input as call with company.customer_data as {"support": broken}
	}
	"customer_data_not_granted" in fixtures.codes with input as call with company.customer_data as {}
}

# An operation that is granted before anybody said where its reply holds personal fields could not be masked.
test_an_operation_whose_reply_is_not_known_is_refused if {
	granted := {"finance": {"crm": ["export_customers"]}}
	call := fixtures.call("finance", "crm", "export_customers", {})
	fixtures.codes == {"customer_data_not_granted"} with input as call with company.grants as granted
}

test_customer_data_has_no_hours if {
	call := support("search_customers", {"region": "emea"})
	fixtures.passes with input as fixtures.at(call, "2026-11-22T02:00:00Z")
}

test_a_search_is_no_export if {
	limit := {"type": "limit", "response_bytes": 262144}
	limit in gatehouse.obligations with input as support("search_customers", {"region": "emea"})
}
