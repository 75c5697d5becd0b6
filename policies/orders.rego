# Drafting purchase orders: what `create_purchase_order` may carry. A real amount in an accepted currency, a vendor on
# the list, a known cost center, lines that add up. Small orders pass, larger ones need somebody else's word, the largest
# are not for agents.
package gatehouse

import data.procurement.orders
import data.procurement.wording

# METADATA
# title: An order has an amount
# description: Text, zero, a negative number or nothing at all is no amount; without one no limit could be checked.
# custom:
#   id: orders.amount
deny contains {
	"code": "amount_invalid",
	"message": "`amount` must be a number above zero",
	"remedy": "send the total of the order as a number",
} if {
	orders.spending
	not orders.amount_is_sound
}

# METADATA
# title: Only currencies that the limits are known in
# description: The limits are in euros, so a currency without a rate under `company.euros_per_unit` cannot be judged.
# custom:
#   id: orders.currency
deny contains {
	"code": "currency_not_accepted",
	"message": sprintf("orders in `%s` are not accepted", [wording.shown("currency")]),
	"remedy": "use a currency that purchasing works in, such as `EUR`",
} if {
	orders.spending
	not orders.currency_is_sound
}

# METADATA
# title: Only vendors on the list
# description: Orders go to vendors that purchasing has approved under `company.vendors`.
# custom:
#   id: orders.vendor_listed
deny contains {
	"code": "vendor_not_listed",
	"message": sprintf("vendor `%s` is not on the list of approved vendors", [wording.shown("vendor_id")]),
	"remedy": "choose a vendor that is on the list, or ask purchasing to add this one",
} if {
	orders.drafting
	not orders.vendor
}

# METADATA
# title: No orders to blocked vendors
# description: A vendor that purchasing has taken off keeps its entry with another status than `approved`.
# custom:
#   id: orders.vendor_blocked
deny contains {
	"code": "vendor_blocked",
	"message": sprintf("vendor `%s` gets no orders at present", [wording.shown("vendor_id")]),
	"remedy": "choose another vendor, or ask purchasing why",
} if {
	orders.drafting
	orders.vendor
	not orders.vendor_is_approved
}

# METADATA
# title: Only cost centers that exist
# description: An order may leave out its cost center; one that it names must be under `company.cost_centers`.
# custom:
#   id: orders.cost_center
deny contains {
	"code": "cost_center_unknown",
	"message": sprintf("there is no cost center `%s`", [wording.shown("cost_center")]),
	"remedy": "leave it out, or use the cost center of whoever pays",
} if {
	orders.drafting
	orders.names_cost_center
	not orders.cost_center_is_known
}

# METADATA
# title: Every line has a quantity and a price
# description: Quantities are above zero and prices are not negative, so that no line can hide the weight of another.
# custom:
#   id: orders.lines
deny contains {
	"code": "order_line_invalid",
	"message": "every line needs a `qty` above zero and a `unit_price` that is not negative",
	"remedy": "correct the lines, or leave them out",
} if {
	orders.drafting
	not orders.lines_are_sound
}

# METADATA
# title: The amount covers the lines
# description: The limits look at `amount`; lines that are worth more would go past them. Compared to the cent.
# custom:
#   id: orders.total
deny contains {
	"code": "order_lines_exceed_amount",
	"message": "the lines together cost more than `amount`",
	"remedy": "send the total of all lines as `amount`",
} if {
	orders.drafting
	orders.lines_are_sound
	orders.lines
	orders.amount_is_sound
	not orders.amount_covers_lines
}

# METADATA
# title: The largest orders are not for agents
# description: Above `company.order_limits_in_euros.draft_at_all` a person places the order.
# custom:
#   id: orders.ceiling
deny contains {
	"code": "order_too_large",
	"message": "agents do not place orders of this size",
	"remedy": "ask a buyer of the purchasing department to place the order",
} if {
	orders.drafting
	orders.euros
	not orders.within("draft_at_all")
}

# METADATA
# title: Larger orders need somebody else
# description: >-
#   Up to `company.order_limits_in_euros.draft_alone` an agent drafts alone; above it the purchasing manager has a look
#   before the draft is made.
# custom:
#   id: orders.second_look
ask contains {
	"chain": ["purchasing_manager"],
	"reason": "the order is larger than an agent may draft alone",
	"risk": "medium",
	"ttl": "4h",
	"summary": sprintf("draft an order over %v %v to `%v`", [
		input.call.arguments.amount,
		input.call.arguments.currency,
		wording.shown("vendor_id"),
	]),
} if {
	orders.drafting
	orders.euros
	not orders.within("draft_alone")
}
