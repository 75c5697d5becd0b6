# METADATA
# title: The reference work's rules over the arguments of a tool
# description: >-
#   A role, a limit of the token's tier, a list of vendors and the lines of the order, as the benchmark of the HTTP path decides them
#   over the body; and one tool that nobody may use, so that lists are filtered.
# scope: package
package gatehouse

allow if {
	some role in input.identity.claims.roles
	"erp:purchase-orders:create" in data.roles[role]
}

# METADATA
# title: The amount is within the limit of the tier
deny contains {"code": "amount", "message": sprintf("amount %v is over %v", [input.call.arguments.amount, limit])} if {
	limit := data.limits[input.identity.claims.tier]
	input.call.arguments.amount > limit
}

# METADATA
# title: The vendor is on the list
deny contains {"code": "vendor", "message": "vendor is not on the allow list"} if {
	input.call.tool.name == "create_purchase_order"
	not data.vendors[input.call.arguments.vendor_id]
}

# METADATA
# title: Every line has a quantity
deny contains {"code": "quantity", "message": sprintf("line %v: quantity", [line.sku])} if {
	some line in input.call.arguments.lines
	line.qty <= 0
}

# METADATA
# title: Nobody deletes
deny contains {"code": "delete", "message": "orders are not deleted"} if input.call.tool.name == "delete_everything"
