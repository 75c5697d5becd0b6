package procurement_customers_test

import data.company
import data.fixtures_test as fixtures
import data.procurement.customers

get(agent) := fixtures.call(agent, "crm", "get_customer", {"customer_id": "emea-1001", "region": "emea"})

test_customers_are_concerned_where_they_are_kept if {
	customers.concerned with input as get("support")
	customers.concerned with input as fixtures.call("support", "desk", "get_ticket", {})
	not customers.concerned with input as fixtures.drafted(fixtures.order)
	not customers.concerned with input as get("buyer")
}

test_who_is_not_named_for_all_regions_is_regional if {
	customers.regional with input as get("support")
	not customers.regional with input as get("finance")
	every odd in ["own", "All", "", null, true, ["all"]] {
		row := {"finance": {"regions": odd, "masked": [], "changeable": []}}
		customers.regional with input as get("finance") with company.customer_data as row
	}
}

test_the_addressed_record_is_no_change if {
	change := {"customer_id": "emea-1001", "region": "emea", "city": "Ulm", "phone": null}
	customers.fields_to_change == {"city", "phone"} with input as fixtures.call("support", "crm", "update_customer", change)
	customers.fields_to_change == set() with input as get("support")
}

test_pointers_follow_the_shape_of_the_reply if {
	customers.masked_pointers == ["/phone"] with input as get("finance")
	customers.masked_pointers == ["/items/*/email", "/items/*/iban"] with input as fixtures.call("support", "crm", "list_contacts", {})
	customers.masked_pointers == [] with input as fixtures.call("support", "desk", "get_ticket", {})
}

# Every operation of the CRM that anybody is given has its place in `record_at`.
test_every_granted_operation_can_be_masked if {
	every services in company.grants {
		every operation in object.get(services, "crm", []) {
			is_string(customers.record_at[operation])
		}
	}
}
