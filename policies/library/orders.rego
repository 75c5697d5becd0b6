# METADATA
# title: Purchase orders
# description: What the rules about orders have in common. Every name here is undefined where it does not apply.
# scope: package
package procurement.orders

import data.procurement.grants
import data.procurement.money

# METADATA
# title: The call drafts an order and its agent may draft
drafting if {
	input.call.tool.server == "erp"
	input.call.tool.name == "create_purchase_order"
	grants.granted
}

# METADATA
# title: The call approves an order and its agent may approve
approving if {
	input.call.tool.server == "erp"
	input.call.tool.name == "approve_purchase_order"
	grants.granted
}

# METADATA
# title: The call carries an amount that limits are compared with
spending if drafting

spending if approving

# METADATA
# title: The order has an amount that limits can be compared with
amount_is_sound if money.is_amount(input.call.arguments.amount)

# METADATA
# title: The order has a currency that limits are known in
currency_is_sound if money.is_currency(input.call.arguments.currency)

# METADATA
# title: What the order is worth in euros
# description: Undefined without a sound amount and currency; those have refusals of their own, so no limit is lost.
euros := money.in_euros(input.call.arguments.amount, input.call.arguments.currency)

# METADATA
# title: The order is worth no more than a limit of `company.order_limits_in_euros`
# description: A limit that is not there is kept by no order.
within(limit) if euros <= data.company.order_limits_in_euros[limit]

# METADATA
# title: The vendor's entry on the company's list
vendor := data.company.vendors[input.call.arguments.vendor_id]

vendor_is_approved if vendor.status == "approved"

# METADATA
# title: The order says which cost center pays
names_cost_center if "cost_center" in object.keys(input.call.arguments)

cost_center_is_known if input.call.arguments.cost_center in data.company.cost_centers

# METADATA
# title: The order has no lines, or each has a quantity and a price
lines_are_sound if not lines

lines_are_sound if {
	is_array(input.call.arguments.lines)
	every line in input.call.arguments.lines {
		is_number(line.qty)
		is_number(line.unit_price)
		line.qty > 0
		line.unit_price >= 0
	}
}

# METADATA
# title: The order has lines
lines if "lines" in object.keys(input.call.arguments)

# METADATA
# title: What the lines cost together
lines_total := sum([cost |
	some line in input.call.arguments.lines
	cost := line.qty * line.unit_price
])

# METADATA
# title: The amount of the order is at least what its lines cost
amount_covers_lines if money.cents(lines_total) <= money.cents(input.call.arguments.amount)
