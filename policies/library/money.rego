# METADATA
# title: Money
# description: Amounts as agents send them, compared in euros at the rates of `company.euros_per_unit`.
# scope: package
package procurement.money

# METADATA
# title: A number above zero
# description: Rego orders values of all types, and text is above every number; so the type is asked first.
is_amount(value) if {
	is_number(value)
	value > 0
}

# METADATA
# title: A currency with a rate
is_currency(value) if data.company.euros_per_unit[value]

# METADATA
# title: An amount in euros
in_euros(amount, currency) := amount * data.company.euros_per_unit[currency] if is_amount(amount)

# METADATA
# title: An amount in whole cents
# description: Sums of decimal prices are not exact in binary; half a cent is nobody's money.
cents(amount) := round(amount * 100)
