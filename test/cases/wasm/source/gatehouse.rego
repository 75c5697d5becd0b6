# METADATA
# title: A policy for modules
# description: Small, with every rule of the contract, and one call that it cannot judge.
# scope: package
package gatehouse

default allow := false

allow if input.call.http.method in data.company.methods

deny contains {
	"code": "not_on_mondays",
	"message": sprintf("`%s` is closed on Mondays", [input.call.http.path]),
} if {
	"monday" in input.call.http.query.day
}

labels["made_by"] := "wasm"

labels["made_by"] := "two" if input.call.http.query.conflict
