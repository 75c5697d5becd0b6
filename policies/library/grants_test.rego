package grants_test

import data.procurement.grants

call(agent, server, operation) := {"agent": {"id": agent}, "call": {"tool": {"server": server, "name": operation}}}

some_grants := {"a": {"erp": ["read"]}, "b": {"erp": ["create_purchase_order", "approve_purchase_order"]}}

granted(agent, server, operation) if {
	grants.granted with input as call(agent, server, operation) with data.company.grants as some_grants
}

test_a_grant_is_by_agent_service_and_operation if {
	granted("a", "erp", "read")
	not granted("a", "erp", "write")
	not granted("a", "crm", "read")
	not granted("b", "erp", "read")
	not granted("c", "erp", "read")
}

test_a_grant_that_is_no_list_grants_nothing_by_accident if {
	every odd in ["read", {"read": true}, null, true, 1] {
		not grants.granted with input as call("a", "erp", "read") with data.company.grants as {"a": {"erp": odd}}
	}
}

test_absent_parts_grant_nothing if {
	whole := call("a", "erp", "read")
	every path in ["agent", "agent/id", "call", "call/tool", "call/tool/server", "call/tool/name"] {
		part := json.remove(whole, [path])
		not grants.granted with input as part with data.company.grants as some_grants
	}
}

test_approving_what_one_may_draft if {
	grants.would_approve_own_drafts with input as call("b", "erp", "approve_purchase_order") with data.company.grants as some_grants
	not grants.would_approve_own_drafts with input as call("b", "erp", "create_purchase_order") with data.company.grants as some_grants
	not grants.would_approve_own_drafts with input as call("a", "erp", "approve_purchase_order") with data.company.grants as some_grants
	not grants.would_approve_own_drafts with input as call("b", "desk", "approve_purchase_order") with data.company.grants as some_grants
}
