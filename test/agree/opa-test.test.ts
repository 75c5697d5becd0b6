/** `gatehouse test` beside `opa test` 1.20.2: the same verdict on every test and case, the same exit status, for our own policies and for rules that are hard to judge. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { runWords } from '../../src/cli/main.ts'
import { folderOf } from '../support/files.ts'
import { makeFakeIo } from '../support/io.ts'
import { opaMissing, runOpa } from '../support/opa.ts'

const project = join(import.meta.dirname, '../..')

const hard = {
  'a_test.rego': `package a_test

test_ok if 1 == 1

test_bad if {
	x := 1
	x == 2
}

test_ok if print("again", [1, {"b"}])

todo_test_later if false

todo_test_later if true

default test_default := false

test_default if true

test_contains contains "a"

test_pair["a"] := false

test_pair["b"] := true

a.test_nested if true

a.b.test_nested := "x"

test_value := 7

test_none[x] := v if some x, v in {}

test_else if { false } else := true

test_by_hand[name] if {
	some name in ["one", "two"]
	internal.test_case([name])
	name == "one"
}

test_cases[name] if {
	some name, c in {"one": {"a": 1, "b": 1}, "two": {"a": 1, "b": 2}}
	c.a == c.b
}

test_deep[group][tc.note] if {
	some group, cases in {"g": [{"note": "n1", "v": 1}, {"note": 2, "v": 2}]}
	some tc in cases
	print(tc.note)
	tc.v == 1
}

test_late[sprintf("%s-%d", [c.name, n])] if {
	some c in [{"name": "x", "limit": 1}, {"name": "y", "limit": 3}]
	n := c.limit * 2
	n > 3
}

test_mocked if {
	f(1) == 7 with f as 7
	count([1, 2]) == 9 with count as 9
	data.limit == 5 with data.limit as 5
}

f(x) := x

test_conflict if g(1) == 1

g(x) := x

g(x) := x + 1
`,
  'data.json': '{"limit": 2}',
}

interface Verdict {
  readonly name: string
  readonly package: string
  readonly location: unknown
  readonly fail?: boolean
  readonly skip?: boolean
  readonly output?: string
  readonly error?: { readonly code?: string }
  readonly sub_results?: unknown
}

/** What both must agree on, in an order that does not depend on which test ended first. */
function verdicts(out: string): readonly Verdict[] {
  const results = JSON.parse(out) as readonly Verdict[]
  return results
    .map(({ name, package: path, location, fail, skip, output, error, sub_results }) => ({
      name,
      package: path,
      location,
      ...(fail !== undefined && { fail }),
      ...(skip !== undefined && { skip }),
      ...(output !== undefined && { output }),
      ...(error !== undefined && { error: error.code === undefined ? {} : { code: error.code } }),
      ...(sub_results !== undefined && { sub_results }),
    }))
    .sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
}

const reason = opaMissing()

describe(`gatehouse test beside opa test${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  test.skipIf(reason !== undefined).each([
    { note: 'our policies', directory: () => project, words: ['policies'] },
    { note: 'our policies as a bundle', directory: () => project, words: ['-b', 'policies'] },
    {
      note: 'some of our policies',
      directory: () => project,
      words: ['policies', '-r', 'order.*(draft|approve)', '-z'],
    },
    { note: 'rules that are hard to judge', directory: () => folderOf(hard), words: ['.'] },
    { note: 'what is still to be done', directory: () => folderOf(hard), words: ['.', '-r', 'todo', '-z'] },
  ])(
    'gives the same verdicts on $note',
    async ({ directory: makeDirectory, words }) => {
      const directory = makeDirectory()
      const line = [...words, '--format', 'json']
      const io = makeFakeIo({ directory, clock: systemClock })
      const status = await runWords(['test', ...line], io)
      const opa = runOpa(['test', ...line], directory)
      expect(verdicts(io.stdout.text)).toEqual(verdicts(opa.out))
      expect(status).toBe(opa.status)
    },
    60_000,
  )
})
