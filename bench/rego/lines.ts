/** A code base of policies as long as one likes: packages of teams, each with the kinds of rules that real ones have. */

/** Lines of one package, as `team` writes it. */
const packageLines = team(0).split('\n').length - 1

/** Modules with about `count` lines together, all below `data.teams`. */
export function makeLines(count: number): { modules: Record<string, string>; lines: number } {
  const teams = Math.ceil(count / packageLines)
  const modules = Object.fromEntries(Array.from({ length: teams }, (_, index) => [`team${index}.rego`, team(index)]))
  return { modules, lines: teams * packageLines }
}

function team(index: number): string {
  return `package teams.team${index}

import data.teams.team${Math.max(0, index - 1)} as before

# Who may call the tools of team ${index}, and why not.

default allow := false

allow if {
	input.agent.team == "team-${index}"
	count(deny) == 0
}

deny contains msg if {
	limit := limits[input.agent.tier]
	input.args.amount > limit
	msg := sprintf("amount %v is over the %v limit %v", [input.args.amount, input.agent.tier, limit])
}

deny contains msg if {
	not input.args.vendor.id in vendors
	msg := sprintf("vendor %v is unknown", [input.args.vendor.id])
}

deny contains msg if {
	some i, line in input.args.lines
	not is_whole(line.qty)
	msg := sprintf("line %d has quantity %v", [i, line.qty])
}

deny contains "nobody approved" if {
	input.args.amount > ${1000 + index}
	not approved
}

approved if {
	some approval in input.approvals
	approval.by != input.agent.id
	time.parse_rfc3339_ns(approval.at) > ${index} * 1000000000
}

is_whole(number) if {
	is_number(number)
	number == floor(number)
	number > 0
}

limits := {"gold": ${50_000 + index}, "silver": 5000, "bronze": 500}

vendors := {"v-${index}", "v-${index + 1}", "v-${index + 2}"} | {id | some id, active in data.vendors; active}

total := sum([price | some line in input.args.lines; price := line.qty * line.price])

by_sku := {sku: lines |
	some sku in {line.sku | some line in input.args.lines}
	lines := [line | some line in input.args.lines; line.sku == sku]
}

tier := "high" if {
	total > 100000
} else := "middle" if {
	total > 10000
	regex.match("^team-[0-9]+$", input.agent.team)
} else := "low"

inherited := count(before.limits)

every_line_priced if {
	every line in input.args.lines {
		line.price > 0
		startswith(line.sku, "S-")
	}
}
`
}
