# METADATA
# title: Calendar
# description: >-
#   Where the time of the call lies in the company's week. The time is the gateway's, from `call.time`; policies never
#   look at a clock of their own, so that a decision can be replayed.
# scope: package
package procurement.calendar

default in_office_hours := false

# METADATA
# title: The call comes at a time when the company works
# description: False when the time or any part of the hours cannot be read.
in_office_hours if {
	hours := data.company.office_hours
	moment := [now_ns, hours.time_zone]
	time.weekday(moment) in hours.days
	[hour, _, _] := time.clock(moment)
	hour >= hours.from_hour
	hour < hours.to_hour
	[year, month, day] := time.date(moment)
	not sprintf("%d-%02d-%02d", [year, month, day]) in hours.holidays
}

# METADATA
# title: The time of the call in nanoseconds since 1970
now_ns := time.parse_rfc3339_ns(input.call.time)
