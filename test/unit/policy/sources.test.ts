/** A policy's files are found, bounded, merged and digested the same wherever they lie; everything wrong is told with its place. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Flaws, type JsonObject, limits } from '../../../src/model/index.ts'
import { compilePolicies, type PolicySources, readPolicySources } from '../../../src/policy/index.ts'
import { parseJson } from '../../../src/wire/index.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

type Files = { readonly [name: string]: string }

function write(files: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-policy-'))
  folders.push(root)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

const read = (...paths: string[]): Promise<PolicySources> => readPolicySources({ paths }, { parseJson })

async function flawsOf(run: () => unknown): Promise<readonly string[]> {
  try {
    await run()
  } catch (cause) {
    if (cause instanceof Flaws) return cause.message.split('\n')
    throw cause
  }
  return []
}

const main = 'package gatehouse\n\ndefault allow := false\n'

describe('sources', () => {
  it('are every module and data file, tests and hidden entries left out', async () => {
    const root = write({
      'main.rego': main,
      'main_test.rego': 'broken',
      'lib/money.rego': 'package lib.money\n',
      '.git/x.rego': 'broken',
      '.hidden.rego': 'broken',
      'README.md': 'words',
      'other.json': 'broken',
      'data.json': '{"limits":{"a":1}}',
      'limits/data.json': '{"b":2}',
      'deep/er/data.yaml': 'c: 3\nbig: 12345678901234567890\n',
    })
    const { modules, data, revision, digest } = await read(root)
    expect(Object.keys(modules).map((path) => path.slice(root.length))).toEqual(['/lib/money.rego', '/main.rego'])
    expect(data).toEqual({ limits: { a: 1, b: 2 }, deep: { er: { c: 3, big: 12345678901234567890n } } })
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(revision).toBe(digest.slice(7, 19))
  })

  it('have one digest wherever they lie, and another after any change', async () => {
    const files = { 'main.rego': main, 'data.json': '{"a":1}' }
    const { digest } = await read(write(files))
    expect((await read(write(files))).digest).toBe(digest)
    expect((await read(write({ ...files, 'data.json': '{"a":2}' }))).digest).not.toBe(digest)
    expect((await read(write({ 'other.rego': main, 'data.json': '{"a":1}' }))).digest).not.toBe(digest)
    expect((await read(write({ ...files, 'main_test.rego': 'x' }))).digest).toBe(digest)
  })

  it('may name their revision in a manifest', async () => {
    const root = write({ 'main.rego': main, '.manifest': '{"revision":"v7"}', 'sub/.manifest': '{"revision":"no"}' })
    expect((await read(root)).revision).toBe('v7')
  })

  it('may be single files and several folders', async () => {
    const one = write({ 'main.rego': main })
    const other = write({ 'data.json': '{"a":1}' })
    expect((await read(join(one, 'main.rego'), other)).data).toEqual({ a: 1 })
  })

  it('that cannot be read are named', async () => {
    const root = write({ 'main.rego': main })
    // Reading a process's memory from the start fails for everybody, also for root.
    symlinkSync('/proc/self/mem', join(root, 'other.rego'))
    await expect(read(root)).rejects.toThrow(/other\.rego: the file cannot be read: EIO/)
  })

  it('are found through links, as mounted configuration has them', async () => {
    const real = write({ 'main.rego': main })
    const root = write({})
    symlinkSync(join(real, 'main.rego'), join(root, 'main.rego'))
    expect(Object.keys((await read(root)).modules)).toEqual([join(root, 'main.rego')])
  })

  it('keep a data key called `__proto__` a key', async () => {
    const { data } = await read(write({ 'main.rego': main, 'data.json': '{"__proto__":{"admin":true}}' }))
    expect(Object.keys(data)).toEqual(['__proto__'])
    expect((data as { admin?: unknown }).admin).toBeUndefined()
  })

  const wrong: { note: string; files: Files; wanted: RegExp }[] = [
    {
      note: 'no module',
      files: { 'data.json': '{}' },
      wanted: /there is no policy here; add a file that ends with `\.rego`/,
    },
    {
      note: 'one value in two files',
      files: { 'main.rego': main, 'data.json': '{"a":{"b":1}}', 'a/data.json': '{"b":1}' },
      wanted: /\/data\.json: `data\.a\.b` is also in another data file/,
    },
    {
      note: 'an object and a value',
      files: { 'main.rego': main, 'data.json': '{"a":1}', 'a/data.json': '{"b":1}' },
      wanted: /`data\.a` is also/,
    },
    {
      note: 'two files for one folder',
      files: { 'main.rego': main, 'data.json': '{"a":1}', 'data.yaml': 'a: 1' },
      wanted: /`data\.a` is also/,
    },
    {
      note: 'JSON with a key twice',
      files: { 'main.rego': main, 'data.json': '{\n "a":1,\n "a":2}' },
      wanted: /data\.json: .*`?a`?/,
    },
    { note: 'broken JSON', files: { 'main.rego': main, 'data.json': '{"a":' }, wanted: /data\.json: / },
    {
      note: 'YAML with a key twice',
      files: { 'main.rego': main, 'data.yaml': 'a: 1\nb: 2\na: 3\n' },
      wanted: /data\.yaml:3:1: this is not YAML/,
    },
    {
      note: 'YAML with a second document',
      files: { 'main.rego': main, 'data.yaml': 'a: 1\n---\nb: 2\n' },
      wanted: /data\.yaml:2:1: this is not YAML/,
    },
    {
      note: 'YAML that is not JSON',
      files: { 'main.rego': main, 'data.yaml': 'a: .inf\n' },
      wanted: /`Infinity` has no form in JSON/,
    },
    {
      note: 'a list at the top',
      files: { 'main.rego': main, 'data.json': '[]' },
      wanted: /the data at the top is not an object/,
    },
  ]
  it.each(wrong)('are refused: $note', async ({ files, wanted }) => {
    expect((await flawsOf(() => read(write(files)))).join('\n')).toMatch(wanted)
  })

  it('are refused when they are not UTF-8, too large, or not there, all of it told at once', async () => {
    const root = write({ 'main.rego': main, 'large.rego': '' })
    writeFileSync(join(root, 'bytes.rego'), Buffer.from([0x70, 0xff]))
    truncateSync(join(root, 'large.rego'), limits.policyFileBytesMax + 1)
    const flaws = await flawsOf(() => read(root, '/nowhere/policies'))
    expect(flaws).toHaveLength(3)
    expect(flaws.join('\n')).toMatch(
      /large\.rego: the file has more than.*bytes\.rego: the file is not UTF-8.*\/nowhere\/policies: the policy cannot be read: ENOENT/s,
    )
  })

  it('are refused when a link leads back into its own folder', async () => {
    const root = write({ 'main.rego': main })
    symlinkSync(root, join(root, 'again'))
    expect((await flawsOf(() => read(root))).join()).toMatch(/folders in one another/)
  })
})

const sources = (modules: Files, data: JsonObject = {}): PolicySources => ({
  modules,
  names: {},
  wasm: [],
  data,
  revision: 'r',
  digest: 'd',
})

describe('compilation', () => {
  it('makes one question an entrypoint, which says what it reads', () => {
    const policy = compilePolicies(
      sources(
        {
          'a.rego': 'package gatehouse\n\nallow if input.agent.id == "a"\n',
          'b.rego': 'package company.agents\n\ndefault allow := false\nallow if data.open\n',
        },
        { open: true },
      ),
      ['company.agents', 'gatehouse'],
    )
    expect([...policy.questions.keys()]).toEqual(['company.agents', 'gatehouse'])
    expect(policy.questions.get('gatehouse')?.reads).toEqual([['agent', 'id']])
    expect(policy.questions.get('company.agents')?.ask({}).value).toEqual({
      allow: [true],
      deny: [],
      ask: [],
      obligations: [],
      labels: [],
    })
    expect(policy.questions.get('company.agents')?.ask({}).rules).toEqual(['company.agents.allow@b.rego:4'])
    expect(policy.questions.get('gatehouse')?.ask({ agent: { id: 'b' } }).value).toMatchObject({ allow: [] })
  })

  const wrong: { note: string; modules: Files; data?: JsonObject; entrypoints?: string[]; wanted: RegExp }[] = [
    {
      note: 'a syntax error',
      modules: { 'p/a.rego': 'package gatehouse\n\nallow if {\n' },
      wanted: /^p\/a\.rego:\d+:\d+: rego_parse_error: /,
    },
    {
      note: 'an unsafe variable',
      modules: { 'a.rego': 'package gatehouse\n\nallow if x > 1\n' },
      wanted: /^a\.rego:3:10: rego_unsafe_var_error: .*x/,
    },
    {
      note: 'an unknown builtin',
      modules: { 'a.rego': 'package gatehouse\n\nallow if http.sned({})\n' },
      wanted: /^a\.rego:3:10: .*http\.sned/,
    },
    {
      note: 'no such package',
      modules: { 'a.rego': 'package other\n\nallow := true\n' },
      wanted: /no policy has the package `gatehouse`/,
    },
    {
      note: 'a package that decides nothing',
      modules: { 'a.rego': 'package gatehouse\n\ndeny contains "x"\n' },
      wanted: /^a\.rego: the package `gatehouse` has no rule `allow`/,
    },
    {
      note: 'an `allow` that is a function',
      modules: { 'a.rego': 'package gatehouse\n\nallow(x) := x\n' },
      wanted: /no rule `allow`/,
    },
    {
      note: 'an entrypoint that is code',
      modules: { 'a.rego': main },
      entrypoints: ['gatehouse.allow]} # '],
      wanted: /is no package/,
    },
    {
      note: 'data where a rule stands',
      modules: { 'a.rego': main },
      data: { gatehouse: { allow: true } },
      wanted: /^a\.rego:3:1: the rule stands where a data file has a document/,
    },
  ]
  it.each(wrong)('is refused with its place: $note', async ({ modules, data, entrypoints, wanted }) => {
    expect(
      (await flawsOf(() => compilePolicies(sources(modules, data), entrypoints ?? ['gatehouse']))).join('\n'),
    ).toMatch(wanted)
  })
})

describe('the policies that ship', () => {
  it('load, compile and answer', async () => {
    const shipped = await read(join(import.meta.dirname, '../../../policies'))
    expect(Object.keys(shipped.modules).filter((path) => path.endsWith('_test.rego'))).toEqual([])
    const question = compilePolicies(shipped, ['gatehouse']).questions.get('gatehouse')
    const call = {
      time: '2026-03-02T10:00:00Z',
      tool: { server: 'erp', name: 'create_purchase_order' },
      arguments: { vendor_id: 'acme', amount: 900, currency: 'EUR' },
    }
    expect(question?.ask({ call, agent: { id: 'buyer', status: 'active' } }).value).toMatchObject({
      allow: [true],
      deny: [[]],
    })
    expect(question?.ask({ call, agent: { id: 'support', status: 'active' } }).value).toMatchObject({
      deny: [[{ code: 'operation_not_granted' }]],
    })
    expect(question?.reads.some(([top, part]) => top === 'call' && part === 'body')).toBe(false)
  })

  it('name the rules that an answer came from, wherever the folder lies', async () => {
    const shipped = await read(join(import.meta.dirname, '../../../policies'))
    const question = compilePolicies(shipped, ['gatehouse']).questions.get('gatehouse')
    const rulesFor = (agent: string, amount: number): readonly string[] | undefined =>
      question?.ask({
        call: {
          time: '2026-03-02T10:00:00Z',
          tool: { server: 'erp', name: 'create_purchase_order' },
          arguments: { vendor_id: 'acme', amount, currency: 'EUR' },
        },
        agent: { id: agent, status: 'active' },
      }).rules
    const always = [
      'gatehouse.labels.operation@main.rego:',
      'gatehouse.labels.system@main.rego:',
      'gatehouse.obligations#forwarding.on_behalf_of',
    ]
    const sorted = (rules: readonly string[] | undefined): string[] =>
      (rules ?? []).map((rule) => rule.replace(/\d+$/, '')).sort()
    expect(sorted(rulesFor('buyer', 900))).toEqual(['gatehouse.allow#grants.allow', ...always])
    expect(sorted(rulesFor('buyer', 0))).toEqual([
      'gatehouse.allow#grants.allow',
      'gatehouse.deny#orders.amount',
      ...always,
    ])
    expect(sorted(rulesFor('support', 900))).toEqual([
      'gatehouse.allow@main.rego:',
      'gatehouse.deny#operations.granted',
      ...always,
    ])
  })
})
