/** Modules that OPA built, in folders and bundles: found, checked against their manifest, asked for the whole package, told apart from sources. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Flaws, type JsonObject, type Policy } from '../../../src/model/index.ts'
import { compilePolicies, loadModules, readPolicySources } from '../../../src/policy/index.ts'
import { parseJson } from '../../../src/wire/index.ts'

const bundle = join(import.meta.dirname, '../../cases/wasm/bundle.tar.gz')

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** The committed bundle as a folder, some of its files replaced; undefined takes one away. */
function unpacked(files: { readonly [name: string]: string | Uint8Array | undefined } = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-modules-'))
  folders.push(root)
  execFileSync('tar', ['-xzf', bundle, '-C', root], { stdio: 'ignore' })
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    if (content === undefined) rmSync(join(root, name))
    else writeFileSync(join(root, name), content)
  }
  return root
}

function sourceOf(text: string): string {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-modules-'))
  folders.push(root)
  writeFileSync(join(root, 'main.rego'), text)
  return root
}

async function load(paths: readonly string[], entrypoints = ['gatehouse']): Promise<Policy> {
  const sources = await readPolicySources({ paths }, { parseJson })
  return compilePolicies(sources, entrypoints, await loadModules(sources))
}

async function refusalOf(loading: Promise<unknown>): Promise<string> {
  const cause = await loading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (cause instanceof Flaws) return cause.message
  throw cause ?? new Error('it was loaded')
}

const call = (http: JsonObject): JsonObject => ({ call: { http } })

describe('a module', () => {
  it.each([
    { note: 'a bundle', path: () => bundle },
    { note: 'a folder', path: () => unpacked() },
  ])('answers from $note with its own data, and says which rules have a value', async ({ path }) => {
    const { questions, revision, digest } = await load([path()])
    expect(revision).toBe('fixture-1')
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    const question = questions.get('gatehouse')
    expect(question?.reads).toEqual([[]])
    expect(question?.ask(call({ method: 'GET', path: '/a', query: {} }))).toEqual({
      value: { allow: [true], deny: [[]], ask: [], obligations: [], labels: [{ made_by: 'wasm' }] },
      rules: ['gatehouse.allow', 'gatehouse.labels'],
    })
    expect(question?.ask(call({ method: 'PUT', path: '/a', query: { day: ['monday'] } })).value).toMatchObject({
      allow: [false],
      deny: [[{ code: 'not_on_mondays', message: '`/a` is closed on Mondays' }]],
    })
    expect(() => question?.ask(call({ method: 'GET', path: '/a', query: { conflict: ['yes'] } }))).toThrow(
      /gatehouse\.rego:\d+:1: eval_conflict_error/,
    )
  })

  it('has one digest as a folder and as a bundle', async () => {
    expect((await load([bundle])).digest).toBe((await load([unpacked()])).digest)
  })

  it('stands beside sources for other packages, and the Rego in its bundle is not compiled', async () => {
    const other = sourceOf('package other\n\ndefault allow := true\n')
    const { questions } = await load(
      [unpacked({ 'broken.rego': 'package broken\n\np := q\n' }), other],
      ['gatehouse', 'other'],
    )
    expect(questions.get('other')?.ask({}).value).toMatchObject({ allow: [true] })
    expect(questions.get('gatehouse')?.ask(call({ method: 'GET', query: {} })).value).toMatchObject({ allow: [true] })
  })

  const manifest = (entrypoint: string, module = '/policy.wasm'): string =>
    JSON.stringify({ revision: 'x', wasm: [{ entrypoint, module }] })
  const wrong: { note: string; paths: () => string[]; entrypoints?: string[]; wanted: RegExp }[] = [
    {
      note: 'without a manifest',
      paths: () => [unpacked({ '.manifest': undefined })],
      wanted: /\/policy\.wasm: no `\.manifest` beside it names an entrypoint of it; put the whole bundle here/,
    },
    {
      note: 'whose manifest is not JSON',
      paths: () => [unpacked({ '.manifest': '{' })],
      wanted: /\/\.manifest: /,
    },
    {
      note: 'whose manifest has a list of other things',
      paths: () => [unpacked({ '.manifest': '{"wasm": [{"entrypoint": 1}]}' })],
      wanted: /\/\.manifest: `wasm` of the manifest has something without `entrypoint` and `module`/,
    },
    {
      note: 'that is not where the manifest says',
      paths: () => [unpacked({ '.manifest': manifest('gatehouse', '/other/policy.wasm') })],
      wanted: /\/\.manifest: it names the module `other\/policy\.wasm`, which is not here/,
    },
    {
      note: 'that has not what the manifest promises',
      paths: () => [unpacked({ '.manifest': manifest('elsewhere') })],
      entrypoints: ['elsewhere'],
      wanted: /\/policy\.wasm: the module has no entrypoint `elsewhere`, which the manifest beside it names/,
    },
    {
      note: 'that was built for single rules',
      paths: () => [bundle],
      entrypoints: ['traps'],
      wanted: /built for single rules of `traps`.*`opa build -t wasm -e traps`/,
    },
    {
      note: 'for another package',
      paths: () => [bundle],
      entrypoints: ['elsewhere'],
      wanted: /no policy has the package `elsewhere`, which a route names/,
    },
    {
      note: 'beside sources of the same package',
      paths: () => [bundle, sourceOf('package gatehouse\n\ndefault allow := true\n')],
      wanted: /\/main\.rego: the entrypoint `gatehouse` is also in `.*bundle\.tar\.gz\/policy\.wasm`/,
    },
    {
      note: 'beside another for the same entrypoint',
      paths: () => [bundle, unpacked({ 'data.json': '{}' })],
      wanted: /\/policy\.wasm: the entrypoint `gatehouse` is also in `.*bundle\.tar\.gz\/policy\.wasm`/,
    },
    {
      note: 'beside rules about records',
      paths: () => [unpacked({ 'log.rego': 'package system["log"]\n\nmask contains "/input"\n' })],
      wanted:
        /\/log\.rego: rules about records are not asked where they stand beside a module; put them into a folder of their own/,
    },
    {
      note: 'beside Rego that is none',
      paths: () => [unpacked({ 'log.rego': 'package ' })],
      wanted: /\/log\.rego:1:\d+: rego_parse_error/,
    },
    {
      note: 'that is damaged',
      paths: () => [unpacked({ 'policy.wasm': readFileSync(bundle) })],
      wanted: /\/policy\.wasm: rego_compile_error: it does not begin as a WebAssembly module/,
    },
    {
      note: 'that is larger than a module may be',
      paths: () => [unpacked({ 'policy.wasm': new Uint8Array(17 * 1024 * 1024) })],
      wanted: /\/policy\.wasm: the file has more than 16777216 bytes/,
    },
  ]
  it.each(wrong)('$note is refused with its name', async ({ paths, entrypoints, wanted }) => {
    expect(await refusalOf(load(paths(), entrypoints))).toMatch(wanted)
  })
})
