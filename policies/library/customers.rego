# METADATA
# title: Customers
# description: What the rules about customer data have in common.
# scope: package
package procurement.customers

import data.procurement.grants

# METADATA
# title: The services that hold customer data
services := {"crm", "desk"}

# METADATA
# title: The call may read or write customer data, and its agent may make it
concerned if {
	input.call.tool.server in services
	grants.granted
}

# METADATA
# title: The agent's row of `company.customer_data`
access := data.company.customer_data[input.agent.id]

# METADATA
# title: The row is whole, and the operation is one whose reply can be masked
access_is_known if {
	access.regions in {"all", "own"}
	is_array(access.masked)
	is_array(access.changeable)
	reply_is_known
}

# METADATA
# title: It is known where the reply holds personal fields
# description: The desk's tickets have none; an operation that the CRM gets later must be added to `record_at` first.
reply_is_known if input.call.tool.server == "desk"

reply_is_known if record_at[input.call.tool.name]

# METADATA
# title: The call concerns customers and its agent serves one region
# description: A row that does not say `all` is regional, so a slip of the pen narrows and never widens.
regional if {
	concerned
	not serves_all_regions
}

serves_all_regions if access.regions == "all"

# METADATA
# title: The region that the agent serves
own_region := input.agent.labels.region

# METADATA
# title: The call says which region it means
names_region if is_string(input.call.arguments.region)

# METADATA
# title: That region is the agent's own
names_own_region if input.call.arguments.region == own_region

# METADATA
# title: Arguments of a change that say which record and not what to change
addressing := {"customer_id", "region"}

# METADATA
# title: The fields that the call would change
fields_to_change contains field if {
	concerned
	input.call.tool.name == "update_customer"
	some field, _ in input.call.arguments
	not field in addressing
}

# METADATA
# title: The agent's row lets it change the field
may_change(field) if field in access.changeable

# METADATA
# title: Where a record lies in the reply of each operation
record_at := {
	"get_customer": "",
	"list_contacts": "/items/*",
	"search_customers": "/items/*",
	"update_customer": "",
}

# METADATA
# title: JSON pointers to the fields that the agent does not see
masked_pointers := [pointer |
	concerned
	input.call.tool.server == "crm"
	place := record_at[input.call.tool.name]
	some field in access.masked
	pointer := sprintf("%s/%s", [place, field])
]
