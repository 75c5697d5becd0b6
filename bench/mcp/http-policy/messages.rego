# METADATA
# title: The rules over the arguments of a tool, for who takes a message as the body of an HTTP call
# description: >-
#   What `policy/tools.rego` says, read from the same bytes where they are: it shows what carrying a message costs beyond carrying
#   its bytes. Lists are not filtered.
# scope: package
package gatehouse

allow if {
	some role in input.identity.claims.roles
	"erp:purchase-orders:create" in data.roles[role]
}

arguments := input.call.body.params.arguments

# METADATA
# title: The amount is within the limit of the tier
deny contains {"code": "amount", "message": sprintf("amount %v is over %v", [arguments.amount, limit])} if {
	limit := data.limits[input.identity.claims.tier]
	arguments.amount > limit
}

# METADATA
# title: The vendor is on the list
deny contains {"code": "vendor", "message": "vendor is not on the allow list"} if {
	input.call.body.params.name == "create_purchase_order"
	not data.vendors[arguments.vendor_id]
}

# METADATA
# title: Every line has a quantity
deny contains {"code": "quantity", "message": sprintf("line %v: quantity", [line.sku])} if {
	some line in arguments.lines
	line.qty <= 0
}

# METADATA
# title: Nobody deletes
deny contains {"code": "delete", "message": "orders are not deleted"} if input.call.body.params.name == "delete_everything"
