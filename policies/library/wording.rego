# METADATA
# title: Wording
# description: Values that agents sent, as they may stand in a sentence that is shown and recorded.
# scope: package
package procurement.wording

# METADATA
# title: Longest part of a value that a sentence repeats
characters_max := 40

# METADATA
# title: An argument in a few characters
# description: >-
#   Never undefined: a refusal whose words are undefined would not refuse.
shown(name) := cut(input.call.arguments[name]) if {
	is_string(input.call.arguments[name])
} else := "?"

# METADATA
# title: Text in a few characters
cut(text) := text if {
	count(text) <= characters_max
} else := sprintf("%s…", [substring(text, 0, characters_max)])
