/**
 * The examples of policies/README.md and of README.md, as they stand there: they compile, their tests hold by our compiler
 * and, where it is installed, by OPA, and what the page says of a call is what the shipped policy says.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compilePolicies } from '../../../src/policy/index.ts'
import { prepare } from '../../../src/rego/index.ts'
import { findOpa } from '../../support/opa.ts'
import { blocksOf } from '../../support/pages.ts'
import { filesBelow, textOf } from '../../support/sources.ts'

type Files = { readonly [path: string]: string }

function blocks(page: string, wanted: string): string[] {
  return blocksOf(textOf(page)).flatMap(({ language, text }) => (language === wanted ? [text] : []))
}

/** Each block of Rego begins with the file that it is. */
const examples: Files = Object.fromEntries(
  blocks('policies/README.md', 'rego').map((text) => [/^# (\S+\.rego)\n/.exec(text)?.[1] ?? `unnamed: ${text}`, text]),
)
const shipped: Files = Object.fromEntries(filesBelow('policies', ['.rego']).map((path) => [path, textOf(path)]))
const company = JSON.parse(textOf('policies/data.json'))

/** The folders that the examples are in; those of `policies` join what is there. */
const folders = new Set(Object.keys(examples).map((path) => path.split('/')[0] ?? ''))
// What is expected there does not hold, to show what is said then; `test/real/policy-pages.test.ts` runs it.
folders.delete('expected')
const worlds = [...folders].map((folder) => {
  const own = Object.fromEntries(Object.entries(examples).filter(([path]) => path.startsWith(`${folder}/`)))
  const isShipped = folder === 'policies'
  return { folder, own, modules: isShipped ? { ...shipped, ...own } : own, data: isShipped ? company : {} }
})

describe.each(worlds)('the examples in $folder', ({ folder, own, modules, data }) => {
  const tests = Object.entries(own).flatMap(([, text]) => {
    const name = /^package (\S+)$/m.exec(text)?.[1] ?? ''
    return [...text.matchAll(/^(test_\w+)\b/gm)].map(([, rule]) => ({ query: `data.${name}.${rule}` }))
  })

  it('have tests', () => expect(tests).not.toEqual([]))

  it.each(tests)('hold: $query', ({ query }) => {
    expect(prepare({ query, modules, data }).value({})).toBe(true)
  })

  // The pitfalls are rules alone: nothing there could be a route's entrypoint.
  const isEntrypoint = Object.values(own).some((text) => /^package gatehouse$/m.test(text))
  if (isEntrypoint)
    it('can be loaded by the gateway', () => {
      const loaded = Object.fromEntries(Object.entries(modules).filter(([path]) => !path.endsWith('_test.rego')))
      const sources = { modules: loaded, names: {}, wasm: [], data, revision: '', digest: '' }
      expect(compilePolicies(sources, ['gatehouse']).questions.size).toBe(1)
    })

  const opa = findOpa()
  it.skipIf(opa === undefined)('are the same to OPA, and in its form', () => {
    const root = mkdtempSync(join(tmpdir(), 'gatehouse-examples-'))
    try {
      for (const [path, text] of Object.entries({ ...modules, [`${folder}/data.json`]: JSON.stringify(data) })) {
        mkdirSync(dirname(join(root, path)), { recursive: true })
        writeFileSync(join(root, path), text)
      }
      const run = (...words: string[]) => execFileSync(opa ?? '', words, { cwd: root, encoding: 'utf8' })
      run('check', '--strict', folder)
      run('test', folder)
      expect(run('fmt', '--list', folder)).toBe('')
    } finally {
      rmSync(root, { recursive: true })
    }
  })
})

describe('the call and the answer on the page', () => {
  it('are what the shipped policy makes of it', () => {
    const [input, answer] = blocks('policies/README.md', 'json').map((text) => JSON.parse(text))
    const modules = Object.fromEntries(Object.entries(shipped).filter(([path]) => !path.endsWith('_test.rego')))
    const said = prepare({ query: 'data.gatehouse', modules, data: company }).value(input)
    expect(said).toMatchObject(answer)
  })

  it('come with commands that are there', () => {
    const lines = blocks('policies/README.md', 'sh').join('').trim().split('\n')
    expect(lines.slice(0, 3)).toEqual([
      'npm test -- test/unit/policies',
      'npx gatehouse test policies',
      'npx gatehouse fmt --list policies',
    ])
    for (const line of lines.slice(3))
      expect(line).toMatch(
        /^opa ((check --strict|test|fmt --list) policies|build( -t wasm -e gatehouse)? -b policies -o bundle\.tar\.gz)$/,
      )
  })
})

describe('the rule in README.md', () => {
  const [rule = ''] = blocks('README.md', 'rego')
  const ask = (args: { readonly [name: string]: string }, name = 'create_purchase_order') =>
    prepare({
      query: 'data.gatehouse.deny',
      modules: { 'rule.rego': `package gatehouse\n\n${rule}` },
      data: { vendors: ['acme'] },
    }).value({ call: { tool: { name }, arguments: args } })

  it('refuses a vendor that is not listed, and one that is missing', () => {
    const refusal = [expect.objectContaining({ code: 'vendor_not_listed' })]
    expect(ask({ vendor_id: 'acme' })).toEqual([])
    expect(ask({ vendor_id: 'nightshade' })).toEqual(refusal)
    expect(ask({})).toEqual(refusal)
    expect(ask({}, 'list_vendors')).toEqual([])
  })
})
