# METADATA
# title: The reference work's policy in the gateway's contract
# description: >-
#   Four reasons to refuse a purchase order and one role, over the parsed body and the claims of the token: the same rules
#   that the naive gateway evaluates, so that both do the same work.
# scope: package
package gatehouse

allow := true

# METADATA
# title: A role of the token permits the action
deny contains {"code": "role", "message": "role may not do this"} if not role_ok

# METADATA
# title: The amount is within the limit of the tier
deny contains {"code": "amount", "message": sprintf("amount %v is over %v", [input.call.body.amount, limit])} if {
	limit := data.limits[input.identity.claims.tier]
	input.call.body.amount > limit
}

# METADATA
# title: The vendor is on the list
deny contains {"code": "vendor", "message": "vendor is not on the allow list"} if {
	not data.vendors[input.call.body.vendor_id]
}

# METADATA
# title: Every line has a quantity
deny contains {"code": "quantity", "message": sprintf("line %v: quantity", [line.sku])} if {
	some line in input.call.body.lines
	line.qty <= 0
}

role_ok if {
	some role in input.identity.claims.roles
	some permission in data.roles[role]
	permission == action
}

action := "erp:purchase-orders:create" if {
	input.call.http.method == "POST"
	input.call.http.path == "/erp/purchase-orders"
}
