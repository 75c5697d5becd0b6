package calendar_test

import data.company
import data.procurement.calendar

working(time) if calendar.in_office_hours with input as {"call": {"time": time}}

test_working_days_from_eight_to_six if {
	working("2026-11-20T07:00:00Z")
	working("2026-11-20T08:00:00+01:00")
	working("2026-11-20T16:59:59.999999999Z")
	not working("2026-11-20T06:59:59.999999999Z")
	not working("2026-11-20T17:00:00Z")
}

test_the_hours_follow_summer_time if {
	working("2026-07-01T06:00:00Z")
	not working("2026-07-01T05:59:59Z")
	not working("2026-07-01T16:00:00Z")
	working("2026-11-20T16:00:00Z")
}

# The last Sunday of October is no working day; the Monday after it begins an hour later in UTC than the Friday before.
test_the_change_of_the_clocks if {
	working("2026-10-23T06:00:00Z")
	not working("2026-10-26T06:00:00Z")
	working("2026-10-26T07:00:00Z")
}

# It is Friday evening in UTC and Saturday morning in Auckland.
test_the_day_is_that_of_the_companys_time_zone if {
	auckland := object.union(company.office_hours, {"time_zone": "Pacific/Auckland"})
	not calendar.in_office_hours with input as {"call": {"time": "2026-11-20T20:00:00Z"}} with company.office_hours as auckland
	calendar.in_office_hours with input as {"call": {"time": "2026-11-19T20:00:00Z"}} with company.office_hours as auckland
}

test_no_weekends_and_no_holidays if {
	not working("2026-11-21T10:00:00Z")
	not working("2026-11-22T10:00:00Z")
	not working("2026-12-25T10:00:00Z")
	working("2026-12-24T10:00:00Z")
	not working("2027-01-01T10:00:00Z")
}

# 23:30 in UTC on Christmas Eve is Christmas in Berlin, and no hour to work anyway; New Zealand has it in its morning.
test_a_holiday_begins_at_local_midnight if {
	auckland := object.union(company.office_hours, {"time_zone": "Pacific/Auckland"})
	not calendar.in_office_hours with input as {"call": {"time": "2026-12-24T20:00:00Z"}} with company.office_hours as auckland
}

test_a_time_that_cannot_be_read_is_outside if {
	every time in [null, 0, 1763631000, "", "2026-11-20", "2026-13-01T10:00:00Z", "2026-11-20T25:00:00Z", ["2026-11-20T10:00:00Z"], {}] {
		not working(time)
	}
	not calendar.in_office_hours with input as {}
	not calendar.in_office_hours with input as {"call": {}}
}

test_hours_that_cannot_be_read_are_never if {
	friday := {"call": {"time": "2026-11-20T10:00:00Z"}}
	every broken in [
		{},
		object.remove(company.office_hours, ["days"]),
		object.remove(company.office_hours, ["from_hour"]),
		object.remove(company.office_hours, ["to_hour"]),
		object.remove(company.office_hours, ["holidays"]),
		object.union(company.office_hours, {"time_zone": "Europe/Nowhere"}),
	] {
		not calendar.in_office_hours with input as friday with company.office_hours as broken
	}
}
