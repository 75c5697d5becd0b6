# Customer data: who sees which customers and which of their fields. An agent that serves one region says so in every
# call, so that the decision is made before anything is read; fields that an agent has no business with are masked.
package gatehouse

import data.procurement.customers
import data.procurement.wording

# METADATA
# title: Customer data needs its own row
# description: >-
#   A grant alone does not open customer data: `company.customer_data` must say which regions and fields the agent gets,
#   and it must be known where the reply of the operation holds them.
# custom:
#   id: customers.row
deny contains {
	"code": "customer_data_not_granted",
	"message": "nobody has said which customer data this agent may see",
	"remedy": "ask the owner of the customer data",
} if {
	customers.concerned
	not customers.access_is_known
}

# METADATA
# title: A regional agent names its region
# description: Without `region` the reply could hold customers of any region.
# custom:
#   id: customers.region_named
deny contains {
	"code": "region_missing",
	"message": "this agent must say which region it means",
	"remedy": "send `region` with the region that this agent serves",
} if {
	customers.regional
	not customers.names_region
}

# METADATA
# title: No customers of other regions
# description: Customer data stays with the people and agents of its region. An agent without a region has none.
# custom:
#   id: customers.region_own
deny contains {
	"code": "region_not_own",
	"message": sprintf("this agent serves another region than `%s`", [wording.shown("region")]),
	"remedy": "let the agent of that region do it",
} if {
	customers.regional
	customers.names_region
	not customers.names_own_region
}

# METADATA
# title: Only some fields may be changed
# description: An account number, for one, is changed by people who have called the customer back.
# custom:
#   id: customers.changeable
deny contains {
	"code": "field_not_changeable",
	"message": sprintf("this agent may not change `%s`", [wording.cut(field)]),
	"remedy": "leave the field out, or ask the owner of the customer data to change it",
} if {
	some field in customers.fields_to_change
	not customers.may_change(field)
}

# METADATA
# title: Fields that an agent has no business with are masked
# description: The CRM gives whole records; `company.customer_data` says which fields do not reach which agent.
# custom:
#   id: customers.masked
obligations contains {
	"type": "mask_response",
	"fields": customers.masked_pointers,
} if {
	count(customers.masked_pointers) > 0
}

# METADATA
# title: Calls that touch personal data can be found in the log
labels["data_class"] := "personal" if customers.concerned
