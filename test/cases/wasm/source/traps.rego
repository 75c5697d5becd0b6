# METADATA
# title: What is hard for a module
# description: Each rule is one thing that a host of modules gets wrong easily; tests ask for them one by one.
# scope: package
package traps

echo := input

texts := {
	"big": sprintf("%d", [12345678901234567890]),
	"composite": sprintf("%v", [{"a": {1, 2}}]),
	"split": regex.split(`(?i)x`, "aXbxc"),
	"template": $"{input.name} has {count(input.list)}",
	"yaml": yaml.unmarshal("a: 12345678901234567890"),
}

numbers_kept := {
	"whole": 123456789012345678901234567890,
	"decimal": 0.1234567890123456789,
	"input": input.number,
	"data": data.company.number,
}

collections := {"set": {3, 1, "b", "a", {"z"}}, "keys": {1: "one", [2]: "two", "three": 3}, "empty": set()}

clock := [time.now_ns(), time.now_ns()]

chance := rand.intn("dice", 1000000)

failing := json.patch(input.document, input.patches)

fetched := http.send({"method": "GET", "url": input.url}).body

complete := x if some x in input.values

partial[key] := value if some [key, value] in input.pairs

steps := count([1 |
	some one in input.list
	some other in input.list
	some third in input.list
	one == other
	other == third
])

calls := f18(input.n)

f0(x) := count([x, [x]])

f1(x) := f0(x) + f0([x])

f2(x) := f1(x) + f1([x])

f3(x) := f2(x) + f2([x])

f4(x) := f3(x) + f3([x])

f5(x) := f4(x) + f4([x])

f6(x) := f5(x) + f5([x])

f7(x) := f6(x) + f6([x])

f8(x) := f7(x) + f7([x])

f9(x) := f8(x) + f8([x])

f10(x) := f9(x) + f9([x])

f11(x) := f10(x) + f10([x])

f12(x) := f11(x) + f11([x])

f13(x) := f12(x) + f12([x])

f14(x) := f13(x) + f13([x])

f15(x) := f14(x) + f14([x])

f16(x) := f15(x) + f15([x])

f17(x) := f16(x) + f16([x])

f18(x) := f17(x) + f17([x])

memory := [row | some one in input.list; row := [cell | some other in input.list; cell := [one, other]]]
