/**
 * Why a call was denied: a table of denied calls, over policies of many shapes. In each, the rule marked `# here` is the one that came nearest (or that
 * denied), and the explanation must name it first, with the condition that decided and the values that this saw.
 */
import { describe, expect, test } from 'vitest'
import { type Explanation, explain, explanationText, type Json } from '../../../src/rego/index.ts'

interface Denied {
  readonly note: string
  /** After `package gatehouse`; asked for `deny` where it has one, else for `allow`. */
  readonly policy: string
  readonly input: Json
  readonly data?: Json
  readonly condition: string
  readonly sees?: readonly string[]
}

const limits = `
default allow := false
# here
allow if {
  input.tool == "order"
  limit := data.limits[input.role]
  input.amount <= limit
}
allow if {
  input.tool == "list"
}
allow if input.admin
`
const paths = `
allow if {
  input.method == "GET"
  input.path == ["health"]
}
# here
allow if {
  input.method == "GET"
  input.path = ["users", id]
  id == input.user
}
allow if {
  input.method == "DELETE"
  input.path = ["users", _]
}
`
const grants = `
# here
allow if {
  some role in data.roles[input.user]
  some grant in data.grants[role]
  grant.action == input.action
  grant.object == input.object
}
`
const roles = { roles: { ann: ['reader', 'writer'] }, grants: { reader: [{ action: 'read', object: 'a' }] } }
const lines = `
# here
allow if {
  count(input.lines) > 0
  every line in input.lines {
    line.qty > 0
    line.price * line.qty < 1000
  }
}
`
const functions = `
# here
allow if {
  within(input.amount, input.currency)
}
within(amount, currency) if {
  rate := data.rates[currency]
  amount * rate <= 100
}
`
const nots = `
deny contains "unknown agent" if not input.agent.id
# here
deny contains "not on the list" if {
  input.agent.id
  not listed
}
listed if {
  vendor := data.vendors[input.vendor]
  vendor.status == "approved"
}
`
const vendors = { vendors: { acme: { status: 'approved' }, evil: { status: 'blocked' } } }
const steps = `
# here
allow if {
  signed
  fresh
}
signed if input.signature.valid
fresh if age < 60
age := input.now - input.sent
`
const words = `
# here
allow if {
  startswith(input.path, "/public/")
  not contains(input.path, "..")
  endswith(input.path, ".txt")
}
`
const chosen = `
limit := 10 if input.tier == "basic"
else := 100 if input.tier == "pro"
else := 1
# here
allow if input.count <= limit
`
const nested = `
# here
allow if a
a if b
b if c
c if input.x.y > 3
`
const set = `
approved := {"acme", "hooli"}
# here
allow if input.vendor in approved
`
const owners = `
# here
allow if input.user in {owner | some doc in data.docs; doc.id == input.doc; owner := doc.owner}
`
const docs = { docs: [{ id: 1, owner: 'ann' }] }
const hours = `
# here
allow if {
  [hour, _, _] := time.clock(input.ns)
  hour >= 8
  hour < 18
}
`
const pattern = `
# here
allow if {
  regex.match("^[a-z]+$", input.name)
  count(input.name) < 8
}
`
const objects = `
# here
allow if {
  {"kind": "transfer", "amount": amount} = input.action
  amount < object.get(data.limits, input.user, 5)
}
`
const scopes = `
required := {"read": "docs:read", "write": "docs:write"}
# here
allow if required[input.action] in input.scopes
`
const either = `
# here
allow if {
  input.active
  trusted
}
trusted if input.level > 5
trusted if {
  input.level > 2
  input.sponsor
}
`
const flags = `
default allow := false
# here
allow if {
  not frozen
  input.ok
}
frozen if data.frozen[input.account]
`
const sums = `
# here
allow if {
  total := sum([line.price | some line in input.lines])
  total == input.total
}
`
const denials = `
allow := true
# here
deny contains msg if {
  input.amount > 1000
  msg := sprintf("%v is too much", [input.amount])
}
deny contains "blocked" if input.blocked
`
const replaced = `
# here
allow if check with input.tool as "order"
check if {
  input.tool == "order"
  input.size < 3
}
`
const text = `
# here
allow if $"{input.team}-{input.tool}" == "ops-order"
`

const table: readonly Denied[] = [
  {
    note: 'an amount above a limit',
    policy: limits,
    input: { tool: 'order', role: 'buyer', amount: 12000 },
    data: { limits: { buyer: 10000 } },
    condition: 'input.amount <= limit',
    sees: ['input.amount = 12000', 'limit = 10000'],
  },
  {
    note: 'a role without a limit',
    policy: limits,
    input: { tool: 'order', role: 'guest', amount: 1 },
    data: { limits: { buyer: 10000 } },
    condition: 'limit := data.limits[input.role]',
    sees: ['data.limits[input.role] is undefined', 'input.role = "guest"'],
  },
  {
    note: 'no amount at all',
    policy: limits,
    input: { tool: 'order', role: 'buyer' },
    data: { limits: { buyer: 10000 } },
    condition: 'input.amount <= limit',
    sees: ['input.amount is undefined'],
  },
  {
    note: 'no role at all',
    policy: limits,
    input: { tool: 'order', amount: 1 },
    data: { limits: { buyer: 10000 } },
    condition: 'limit := data.limits[input.role]',
    sees: ['input.role is undefined'],
  },
  {
    note: 'an amount that is text, which is above all numbers',
    policy: limits,
    input: { tool: 'order', role: 'buyer', amount: '1' },
    data: { limits: { buyer: 10000 } },
    condition: 'input.amount <= limit',
    sees: ['input.amount = "1"', 'limit = 10000'],
  },
  {
    note: 'a tool that no rule names',
    policy: limits,
    input: { tool: 'pay', role: 'buyer', amount: 1 },
    data: { limits: { buyer: 10000 } },
    condition: 'input.tool == "order"',
    sees: ['input.tool = "pay"'],
  },
  {
    note: 'limits that nobody loaded',
    policy: limits,
    input: { tool: 'order', role: 'buyer', amount: 1 },
    condition: 'limit := data.limits[input.role]',
    sees: ['data.limits[input.role] is undefined'],
  },
  {
    note: 'an input that is empty',
    policy: limits,
    input: {},
    condition: 'input.tool == "order"',
    sees: ['input.tool is undefined'],
  },
  {
    note: "somebody else's path",
    policy: paths,
    input: { method: 'GET', path: ['users', 'bob'], user: 'ann' },
    condition: 'id == input.user',
    sees: ['id = "bob"', 'input.user = "ann"'],
  },
  {
    note: 'a path without a user to compare with',
    policy: paths,
    input: { method: 'GET', path: ['users', 'bob'] },
    condition: 'id == input.user',
    sees: ['input.user is undefined'],
  },
  {
    note: 'no grant for an action',
    policy: grants,
    input: { user: 'ann', action: 'write', object: 'a' },
    data: roles,
    condition: 'grant.action == input.action',
    sees: ['grant.action = "read"', 'input.action = "write"'],
  },
  {
    note: 'no grant for an object',
    policy: grants,
    input: { user: 'ann', action: 'read', object: 'b' },
    data: roles,
    condition: 'grant.object == input.object',
    sees: ['grant.object = "a"', 'input.object = "b"'],
  },
  {
    note: 'a user without roles',
    policy: grants,
    input: { user: 'bob', action: 'read', object: 'a' },
    data: roles,
    condition: 'some role in data.roles[input.user]',
    sees: ['input.user = "bob"'],
  },
  {
    note: 'roles without grants',
    policy: grants,
    input: { user: 'ann', action: 'read', object: 'a' },
    data: { roles: { ann: ['reader'] }, grants: {} },
    condition: 'some grant in data.grants[role]',
    sees: ['role = "reader"'],
  },
  {
    note: 'a grant without an object',
    policy: grants,
    input: { user: 'ann', action: 'read', object: 'b' },
    data: { roles: { ann: ['reader'] }, grants: { reader: [{ action: 'read' }] } },
    condition: 'grant.object == input.object',
    sees: ['grant.object is undefined'],
  },
  {
    note: 'no lines where there must be some',
    policy: lines,
    input: { lines: [] },
    condition: 'count(input.lines) > 0',
    sees: ['count(input.lines) = 0'],
  },
  {
    note: 'no field to count',
    policy: lines,
    input: {},
    condition: 'count(input.lines) > 0',
    sees: ['input.lines is undefined'],
  },
  {
    note: 'the one line of many that is wrong',
    policy: lines,
    input: {
      lines: [
        { qty: 1, price: 5 },
        { qty: -2, price: 5 },
        { qty: 1, price: 5 },
      ],
    },
    condition: 'line.qty > 0',
    sees: ['line.qty = -2'],
  },
  {
    note: 'a line whose product is too large',
    policy: lines,
    input: { lines: [{ qty: 100, price: 50 }] },
    condition: 'line.price * line.qty < 1000',
    sees: ['line.price = 50', 'line.price * line.qty = 5000', 'line.qty = 100'],
  },
  {
    note: 'a line without a price',
    policy: lines,
    input: { lines: [{ qty: 100 }] },
    condition: 'line.price * line.qty < 1000',
    sees: ['line.price is undefined'],
  },
  {
    note: 'lines that are text',
    policy: lines,
    input: { lines: 'abc' },
    condition: 'every line in input.lines',
    sees: ['input.lines = "abc"'],
  },
  {
    note: 'a condition of a function',
    policy: functions,
    input: { amount: 90, currency: 'GBP' },
    data: { rates: { GBP: 1.15 } },
    condition: 'amount * rate <= 100',
    sees: ['amount = 90', 'rate = 1.15', 'amount * rate = 103.5'],
  },
  {
    note: 'an argument that a function does not know',
    policy: functions,
    input: { amount: 90, currency: 'ZZZ' },
    data: { rates: { GBP: 1.15 } },
    condition: 'rate := data.rates[currency]',
    sees: ['data.rates[currency] is undefined', 'currency = "ZZZ"'],
  },
  {
    note: 'an argument that is not there',
    policy: functions,
    input: { amount: 90 },
    condition: 'within(input.amount, input.currency)',
    sees: ['input.currency is undefined', 'input.amount = 90'],
  },
  {
    note: 'what was negated: an entry of another status',
    policy: nots,
    input: { agent: { id: 'a' }, vendor: 'evil' },
    data: vendors,
    condition: 'vendor.status == "approved"',
    sees: ['vendor.status = "blocked"'],
  },
  {
    note: 'what was negated: an entry that is not there',
    policy: nots,
    input: { agent: { id: 'a' }, vendor: 'nobody' },
    data: vendors,
    condition: 'vendor := data.vendors[input.vendor]',
    sees: ['input.vendor = "nobody"'],
  },
  {
    note: 'what was negated: a field that is not there',
    policy: nots,
    input: { agent: { id: 'a' } },
    data: vendors,
    condition: 'vendor := data.vendors[input.vendor]',
    sees: ['input.vendor is undefined'],
  },
  {
    note: 'a negated reference itself',
    policy: '# here\ndeny contains "who?" if not input.agent.id\n',
    input: { agent: {} },
    condition: 'not input.agent.id',
    sees: ['input.agent.id is undefined'],
  },
  {
    note: 'a negated comparison',
    policy: '# here\ndeny contains "too few" if not input.n > 3\n',
    input: { n: 2 },
    condition: 'not input.n > 3',
    sees: ['input.n = 2'],
  },
  {
    note: 'the second of two steps',
    policy: steps,
    input: { signature: { valid: true }, now: 100, sent: 20 },
    condition: 'age < 60',
    sees: ['age = 80'],
  },
  {
    note: 'the first of two steps, which is false',
    policy: steps,
    input: { signature: { valid: false }, now: 100, sent: 90 },
    condition: 'input.signature.valid',
    sees: ['input.signature.valid = false'],
  },
  {
    note: 'a step that a field is missing for',
    policy: steps,
    input: { signature: { valid: true }, now: 100 },
    condition: 'input.now - input.sent',
    sees: ['input.sent is undefined'],
  },
  {
    note: 'a path outside of a folder',
    policy: words,
    input: { path: '/private/a.txt' },
    condition: 'startswith(input.path, "/public/")',
    sees: ['input.path = "/private/a.txt"'],
  },
  {
    note: 'a path that leaves its folder: the negation that failed',
    policy: words,
    input: { path: '/public/../a.txt' },
    condition: 'not contains(input.path, "..")',
    sees: ['input.path = "/public/../a.txt"'],
  },
  {
    note: 'a path of another kind',
    policy: words,
    input: { path: '/public/a.exe' },
    condition: 'endswith(input.path, ".txt")',
    sees: ['input.path = "/public/a.exe"'],
  },
  {
    note: 'a limit from the first branch',
    policy: chosen,
    input: { tier: 'basic', count: 11 },
    condition: 'input.count <= limit',
    sees: ['input.count = 11', 'limit = 10'],
  },
  {
    note: 'a limit from an `else`',
    policy: chosen,
    input: { tier: 'pro', count: 101 },
    condition: 'input.count <= limit',
    sees: ['input.count = 101', 'limit = 100'],
  },
  {
    note: 'a limit from the last `else`',
    policy: chosen,
    input: { tier: 'free', count: 2 },
    condition: 'input.count <= limit',
    sees: ['input.count = 2', 'limit = 1'],
  },
  {
    note: 'a condition four rules away',
    policy: nested,
    input: { x: { y: 3 } },
    condition: 'input.x.y > 3',
    sees: ['input.x.y = 3'],
  },
  {
    note: 'a field four rules away',
    policy: nested,
    input: { x: 1 },
    condition: 'input.x.y > 3',
    sees: ['input.x.y is undefined'],
  },
  {
    note: 'a name that is not in a set',
    policy: set,
    input: { vendor: 'evil' },
    condition: 'input.vendor in approved',
    sees: ['input.vendor = "evil"', 'approved = ["acme", "hooli"]'],
  },
  {
    note: 'a name that is not there',
    policy: set,
    input: {},
    condition: 'input.vendor in approved',
    sees: ['input.vendor is undefined'],
  },
  {
    note: 'a set that a comprehension made',
    policy: owners,
    input: { user: 'bob', doc: 1 },
    data: docs,
    condition: 'input.user in {owner | some doc in data.docs; doc.id == input.doc; owner := doc.owner}',
    sees: ['input.user = "bob"', 'owner := doc.owner} = ["ann"]'],
  },
  {
    note: 'a set that nothing was put into, and why',
    policy: owners,
    input: { user: 'ann', doc: 2 },
    data: docs,
    condition: 'input.user in {owner',
    sees: ['doc.id = 1', 'input.doc = 2'],
  },
  {
    note: 'an hour before a window',
    policy: hours,
    input: { ns: 3600000000000 },
    condition: 'hour >= 8',
    sees: ['hour = 1'],
  },
  {
    note: 'an hour after a window',
    policy: hours,
    input: { ns: 72000000000000 },
    condition: 'hour < 18',
    sees: ['hour = 20'],
  },
  {
    note: 'a clock without a time',
    policy: hours,
    input: {},
    condition: '[hour, _, _] := time.clock(input.ns)',
    sees: ['input.ns is undefined'],
  },
  {
    note: 'a name that a pattern does not match',
    policy: pattern,
    input: { name: 'A1' },
    condition: 'regex.match("^[a-z]+$", input.name)',
    sees: ['input.name = "A1"'],
  },
  {
    note: 'a name that is too long',
    policy: pattern,
    input: { name: 'abcdefghij' },
    condition: 'count(input.name) < 8',
    sees: ['count(input.name) = 10', 'input.name = "abcdefghij"'],
  },
  {
    note: 'a name that is a number, which no pattern is asked about',
    policy: pattern,
    input: { name: 7 },
    condition: 'regex.match("^[a-z]+$", input.name)',
    sees: ['input.name = 7'],
  },
  {
    note: 'an object of another shape',
    policy: objects,
    input: { action: { kind: 'transfer' }, user: 'ann' },
    data: { limits: {} },
    condition: '{"kind": "transfer", "amount": amount} = input.action',
    sees: ['input.action = {"kind": "transfer"}'],
  },
  {
    note: 'an object of another kind',
    policy: objects,
    input: { action: { kind: 'payment', amount: 3 }, user: 'ann' },
    data: { limits: {} },
    condition: '{"kind": "transfer", "amount": amount} = input.action',
    sees: ['input.action = {"amount": 3, "kind": "payment"}'],
  },
  {
    note: 'a limit that stands in for one that is not there',
    policy: objects,
    input: { action: { kind: 'transfer', amount: 7 }, user: 'ann' },
    data: { limits: {} },
    condition: 'amount < object.get(data.limits, input.user, 5)',
    sees: ['amount = 7', 'object.get(data.limits, input.user, 5) = 5'],
  },
  {
    note: 'a scope that is missing',
    policy: scopes,
    input: { action: 'write', scopes: ['docs:read'] },
    condition: 'required[input.action] in input.scopes',
    sees: ['required[input.action] = "docs:write"', 'input.scopes = ["docs:read"]'],
  },
  {
    note: 'an action that needs no scope that is known',
    policy: scopes,
    input: { action: 'erase', scopes: ['docs:read'] },
    condition: 'required[input.action] in input.scopes',
    sees: ['required[input.action] is undefined', 'input.action = "erase"'],
  },
  {
    note: 'the nearer of two definitions',
    policy: either,
    input: { active: true, level: 3 },
    condition: 'input.sponsor',
    sees: ['input.sponsor is undefined'],
  },
  {
    note: 'both definitions, equally far',
    policy: either,
    input: { active: true, level: 1 },
    condition: 'input.level > 5',
    sees: ['input.level = 1'],
  },
  {
    note: 'what comes before both definitions',
    policy: either,
    input: { active: false, level: 9 },
    condition: 'input.active',
    sees: ['input.active = false'],
  },
  {
    note: 'a negation that failed, and the rule that made it so',
    policy: flags,
    input: { account: 'x', ok: true },
    data: { frozen: { x: 'fraud' } },
    condition: 'not frozen',
    sees: ['data.frozen[input.account] = "fraud"'],
  },
  {
    note: 'what comes behind a negation that held',
    policy: flags,
    input: { account: 'y', ok: false },
    data: { frozen: { x: true } },
    condition: 'input.ok',
    sees: ['input.ok = false'],
  },
  {
    note: 'a sum that is another',
    policy: sums,
    input: { lines: [{ price: 2 }, { price: 3 }], total: 6 },
    condition: 'total == input.total',
    sees: ['total = 5', 'input.total = 6'],
  },
  {
    note: 'a denial by what was exceeded',
    policy: denials,
    input: { amount: 2000 },
    condition: 'input.amount > 1000',
    sees: ['input.amount = 2000', 'gave "2000 is too much"'],
  },
  {
    note: 'a condition under `with`',
    policy: replaced,
    input: { tool: 'other', size: 3 },
    condition: 'input.size < 3',
    sees: ['input.size = 3'],
  },
  {
    note: 'a text that was put together',
    policy: text,
    input: { team: 'dev', tool: 'order' },
    condition: '$"{input.team}-{input.tool}" == "ops-order"',
    sees: ['input.team = "dev"'],
  },
  {
    note: 'a value of a complete rule that is false',
    policy: '# here\nallow := input.a == input.b\n',
    input: { a: 1, b: 2 },
    condition: 'gave false',
  },
]

function explained({ policy, input, data = {} }: Pick<Denied, 'policy' | 'input' | 'data'>): Explanation {
  const document = policy.includes('deny contains') ? 'deny' : 'allow'
  return explain(
    { query: `data.gatehouse.${document}`, modules: { 'p.rego': `package gatehouse\n${policy}` }, data },
    input,
  )
}

/** The lines about the rule that is marked: its own, and those further in below it. */
function sectionOf({ policy }: Denied, text: string): string {
  const rows = `package gatehouse\n${policy}`.split('\n')
  const place = `(p.rego:${rows.indexOf('# here') + 2})`
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.includes(place))
  if (start < 0) return `nothing about ${place}, but:\n${text}`
  const indent = (line: string): number => line.length - line.trimStart().length
  const first = lines[start] ?? ''
  const rest = lines.slice(start + 1)
  const end = rest.findIndex((line) => indent(line) <= indent(first))
  return [first, ...(end < 0 ? rest : rest.slice(0, end))].join('\n')
}

describe('the explanation of a denied call', () => {
  test('is held against at least 60 of them', () => expect(table.length).toBeGreaterThanOrEqual(60))

  test.each(table)('names $note', (row) => {
    const explanation = explained(row)
    const text = explanationText(explanation, { linesMax: 100 })
    const section = sectionOf(row, text)
    for (const wanted of [row.condition, ...(row.sees ?? [])]) expect(section).toContain(wanted)
    // Among rules that failed, the marked one comes first.
    const [first] = explanation.documents[0]?.rules.filter(({ outcome }) => outcome !== 'default') ?? []
    expect(`(p.rego:${first?.row})`).toBe(section.match(/\(p\.rego:\d+\)/)?.[0])
  })

  test.each(table)('is ten lines for $note', (row) => {
    expect(explanationText(explained(row), { linesMax: 1_000 }).split('\n').length).toBeLessThanOrEqual(10)
  })
})
