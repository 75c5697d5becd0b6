# METADATA
# title: The company's policy for agents
# description: >-
#   The rules that hold for every call: an agent uses only the operations that it was given, only while it is
#   active, and only operations that a description names. Everything else is refused. The rules about orders, approvals
#   and customers stand in files of their own.
# scope: package
package gatehouse

import data.procurement.grants

default allow := false

# METADATA
# title: Granted operations pass
# description: An active agent may use the operations of its grant, unless another rule refuses or asks.
# custom:
#   id: grants.allow
allow if {
	grants.agent_is_active
	grants.granted
}

# METADATA
# title: Every call comes from a known agent
# description: A token that names no registered agent gets nothing, whatever it says about itself.
# custom:
#   id: agents.known
deny contains {
	"code": "agent_not_registered",
	"message": "this identity is no registered agent",
	"remedy": "ask the operator to register the agent",
} if {
	not input.agent.id
}

# METADATA
# title: Agents that are not active get nothing
# description: Suspending an agent stops it at its next call.
# custom:
#   id: agents.active
deny contains {
	"code": "agent_not_active",
	"message": "this agent is not active",
	"remedy": "ask the owner of the agent",
} if {
	input.agent.id
	not grants.agent_is_active
}

# METADATA
# title: Only described operations
# description: A call that is no operation of the service's description cannot be judged, so it does not pass.
# custom:
#   id: operations.described
deny contains {
	"code": "operation_undescribed",
	"message": "the call is no described operation of a service",
	"remedy": "use an operation of the service's OpenAPI description",
} if {
	not input.call.tool.name
}

# METADATA
# title: Only granted operations
# description: >-
#   An agent uses the operations listed for it under `company.grants`. Approving what one drafts has its own reason.
# custom:
#   id: operations.granted
deny contains {
	"code": "operation_not_granted",
	"message": sprintf("this agent may not use `%s`", [input.call.tool.name]),
	"remedy": "ask the operator to grant the operation, or let an agent do it that has it",
} if {
	input.agent.id
	not grants.granted
	not grants.would_approve_own_drafts
}

# METADATA
# title: Services learn for whom a call is made
# description: >-
#   Agents share the credential of a service; `On-Behalf-Of` says which one acts, so that the service can keep it and
#   refuse the approval of one's own order.
# custom:
#   id: forwarding.on_behalf_of
obligations contains {
	"type": "set_header",
	"name": "On-Behalf-Of",
	"value": input.agent.id,
	"to": "upstream",
}

# METADATA
# title: Lists do not become exports
# description: A reply larger than a page of honest entries is withheld.
# custom:
#   id: forwarding.reply_size
obligations contains {
	"type": "limit",
	"response_bytes": data.company.reply_bytes[input.call.tool.name],
}

# METADATA
# title: What the log is searched by
labels["system"] := input.call.tool.server

labels["operation"] := input.call.tool.name
