# Approving purchase orders: it binds the company. It is for agents that do not draft, in office hours, up to a limit;
# above it the head of finance decides.
package gatehouse

import data.procurement.calendar
import data.procurement.grants
import data.procurement.orders
import data.procurement.wording

# METADATA
# title: Whoever drafts does not approve
# description: Separation of duties. It holds by what an agent may draft, so granting both by mistake opens nothing.
# custom:
#   id: approvals.separation
deny contains {
	"code": "duties_not_separated",
	"message": "an agent that drafts orders may not approve them",
	"remedy": "ask an agent or a person of finance to approve the order",
} if {
	grants.would_approve_own_drafts
}

# METADATA
# title: Approvals in office hours only
# description: >-
#   Somebody must be there to notice. The hours, days and holidays are those of `company.office_hours`, in the company's
#   time zone. Reading and drafting know no hours.
# custom:
#   id: approvals.office_hours
deny contains {
	"code": "outside_office_hours",
	"message": "orders are approved in office hours only",
	"remedy": "send the call again in office hours",
} if {
	orders.approving
	not calendar.in_office_hours
}

# METADATA
# title: Large approvals need the head of finance
# description: Above `company.order_limits_in_euros.approve_alone` no agent approves alone.
# custom:
#   id: approvals.second_look
ask contains {
	"chain": ["head_of_finance"],
	"reason": "the amount is larger than an agent may approve alone",
	"risk": "high",
	"ttl": "24h",
	"summary": sprintf("approve order `%v` over %v %v", [
		wording.shown("order_id"),
		input.call.arguments.amount,
		input.call.arguments.currency,
	]),
} if {
	orders.approving
	orders.euros
	not orders.within("approve_alone")
}
