package procurement_orders_test

import data.fixtures_test as fixtures
import data.procurement.orders

test_an_order_is_drafted_by_whoever_may if {
	orders.drafting with input as fixtures.drafted(fixtures.order)
	not orders.drafting with input as fixtures.call("finance", "erp", "create_purchase_order", fixtures.order)
	not orders.drafting with input as fixtures.call("buyer", "desk", "create_purchase_order", fixtures.order)
	not orders.drafting with input as fixtures.approved(fixtures.approval)
}

test_an_order_is_approved_by_whoever_may if {
	orders.approving with input as fixtures.approved(fixtures.approval)
	not orders.approving with input as fixtures.call("buyer", "erp", "approve_purchase_order", fixtures.approval)
}

test_limits_concern_drafts_and_approvals if {
	orders.spending with input as fixtures.drafted(fixtures.order)
	orders.spending with input as fixtures.approved(fixtures.approval)
	not orders.spending with input as fixtures.call("buyer", "erp", "cancel_purchase_order", {"order_id": "PO-000002", "comment": "x"})
}

test_lines_add_up if {
	orders.lines_total == 0 with input as fixtures.drafted_with("lines", [])
	orders.lines_total == 24.5 with input as fixtures.drafted_with("lines", [{"qty": 2, "unit_price": 10.25}, {"qty": 4, "unit_price": 1}])
}

test_no_lines_are_sound_and_none_that_cannot_be_read_are if {
	orders.lines_are_sound with input as fixtures.drafted(fixtures.order)
	orders.lines_are_sound with input as fixtures.drafted_with("lines", [])
	not orders.lines_are_sound with input as fixtures.drafted_with("lines", null)
	not orders.lines_are_sound with input as fixtures.drafted_with("lines", false)
	not orders.lines_are_sound with input as fixtures.drafted_with("lines", [{"qty": 1}])
}
