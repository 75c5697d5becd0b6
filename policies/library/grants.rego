# METADATA
# title: Grants
# description: What an agent was given under `company.grants`, by service and operation.
# scope: package
package procurement.grants

# METADATA
# title: The agent is in service
agent_is_active if input.agent.status == "active"

# METADATA
# title: The called operation is in the agent's grant
granted if {
	input.call.tool.name in data.company.grants[input.agent.id][input.call.tool.server]
}

# METADATA
# title: An agent that may draft orders calls for an approval
would_approve_own_drafts if {
	input.call.tool.server == "erp"
	input.call.tool.name == "approve_purchase_order"
	"create_purchase_order" in data.company.grants[input.agent.id].erp
}
