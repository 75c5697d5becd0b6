# The inputs that the tests begin with, in the form of the contract, and the answer read the way the gateway reads it.
package fixtures_test

import data.gatehouse

# A Friday, half past ten in Berlin.
friday_morning := "2026-11-20T09:30:00.123456Z"

agents := {
	"buyer": {"id": "buyer", "owner": "lena.hofmann@example.com", "team": "purchasing", "status": "active", "labels": {}},
	"finance": {"id": "finance", "owner": "omar.said@example.com", "team": "finance", "status": "active", "labels": {}},
	"support": {"id": "support", "owner": "ines.costa@example.com", "team": "support", "status": "active", "labels": {"region": "emea"}},
}

call(agent, server, operation, arguments) := {
	"call": {
		"id": "019aa0d2-0000-7000-8000-000000000000",
		"protocol": "http",
		"phase": "call",
		"time": friday_morning,
		"tool": {"server": server, "name": operation},
		"arguments": arguments,
	},
	"identity": {"subject": {"id": agent, "type": "agent"}, "client_id": agent, "scopes": [], "roles": [], "delegated": false},
	"agent": agents[agent],
	"route": {"id": server, "labels": {}},
	"upstream": {"id": server, "labels": {}},
}

at(document, time) := json.patch(document, [{"op": "replace", "path": "/call/time", "value": time}])

without(document, path) := json.remove(document, [path])

order := {"vendor_id": "acme", "currency": "EUR", "amount": 900}

drafted(arguments) := call("buyer", "erp", "create_purchase_order", arguments)

drafted_with(field, value) := drafted(object.union(order, {field: value}))

approved(arguments) := call("finance", "erp", "approve_purchase_order", arguments)

approval := {"order_id": "PO-000003", "currency": "EUR", "amount": 15800}

# What the gateway makes of the answer (design: the policy contract): a call passes only like this.
passes if {
	gatehouse.allow == true
	count(gatehouse.deny) == 0
	count(gatehouse.ask) == 0
}

asks if {
	gatehouse.allow == true
	count(gatehouse.deny) == 0
	count(gatehouse.ask) > 0
}

codes := {reason.code | some reason in gatehouse.deny}

masked := {pointer |
	some obligation in gatehouse.obligations
	obligation.type == "mask_response"
	some pointer in obligation.fields
}

# Values that are no honest text, number or list; agents send all of them sooner or later.
rubbish := [null, false, true, 0, -1, "", " ", "\u0000", "__proto__", "constructor", [], [null], {}, {"a": 1}]
