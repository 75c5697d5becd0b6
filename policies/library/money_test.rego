package money_test

import data.procurement.money

test_amounts_are_numbers_above_zero if {
	every value in [1, 0.01, 1e-300, 1e300, 900, 123456789012345678901234567890] {
		money.is_amount(value)
	}
	every value in [0, -0, 0.0, -1, -0.01, "1", "", null, true, false, [], [1], {}, {"amount": 1}] {
		not money.is_amount(value)
	}
}

test_currencies_have_a_rate if {
	every value in ["EUR", "USD", "GBP", "CHF", "JPY", "SEK"] {
		money.is_currency(value)
	}
	every value in ["eur", "", "XAU", "__proto__", null, 0, true, ["EUR"], {"EUR": 1}] {
		not money.is_currency(value)
	}
}

test_amounts_in_euros if {
	money.in_euros(100, "EUR") == 100
	money.in_euros(100, "USD") == 92
	money.in_euros(0.01, "EUR") == 0.01
	not money.in_euros(100, "XAU")
	not money.in_euros("100", "EUR")
	not money.in_euros(-100, "EUR")
}

test_cents_are_whole if {
	money.cents(0.1 + 0.2) == 30
	money.cents(1250.55) == 125055
	money.cents(0.004) == 0
	money.cents(1e15) == 1e17
}
