/**
 * The policies that ship, tested by their own `test_` rules: each is run through our compiler, and where an `opa` command
 * is there (on PATH, or named by OPA) both must say the same of every rule.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { prepare } from '../../../src/rego/index.ts'
import { findOpa } from '../../support/opa.ts'
import { filesBelow, root, textOf } from '../../support/sources.ts'

const files = filesBelow('policies', ['.rego'])
const modules = Object.fromEntries(files.map((path) => [path, textOf(path)]))
const data = JSON.parse(textOf('policies/data.json'))

interface TestRule {
  readonly file: string
  readonly package: string
  readonly name: string
  readonly title: string
}

/** Rules whose name begins with `test_`; `opa fmt` puts every rule's head at the beginning of its line. */
function testRules(): TestRule[] {
  return files.flatMap((file) => {
    const text = modules[file] ?? ''
    const name = /^package (\S+)$/m.exec(text)?.[1] ?? ''
    const rules = [...text.matchAll(/^(test_\w+)\b/gm)].map((match) => match[1] as string)
    return [...new Set(rules)].map((rule) => ({ file, package: name, name: rule, title: `${name}.${rule}` }))
  })
}

const rules = testRules()

const known = new Map<string, ReturnType<ReturnType<typeof prepare>['evaluate']>>()

/** What our compiler says of a test rule; compiled once, whoever asks. */
function resultsOf(name: string, rule: string): ReturnType<ReturnType<typeof prepare>['evaluate']> {
  const query = `data.${name}.${rule} = x`
  const results = known.get(query) ?? prepare({ query, modules, data }).evaluate()
  known.set(query, results)
  return results
}

describe('the tests of the policies, by our compiler', () => {
  it('are beside every policy', () => {
    const tested = new Set(rules.map(({ file }) => file))
    const untested = files.filter(
      (file) => !file.endsWith('_test.rego') && !tested.has(file.replace(/\.rego$/, '_test.rego')),
    )
    expect(untested).toEqual([])
    expect(rules.length).toBeGreaterThan(100)
  })

  it.each(rules)('$title', ({ package: name, name: rule }) => {
    expect(resultsOf(name, rule)).toEqual([{ x: true }])
  })
})

describe('the tests of the policies, by the real OPA', () => {
  const opa = findOpa()

  it.skipIf(opa === undefined)(
    opa === undefined
      ? 'skipped: no `opa` on PATH and OPA does not name one'
      : 'have the same verdicts as by our compiler',
    () => {
      const theirs = new Map(
        opaVerdicts(opa ?? '').map((one) => [
          `${one.package.replace(/^data\./, '')}.${one.name}`,
          one.fail !== true && one.error === undefined,
        ]),
      )
      const ours = new Map(
        rules.map(({ package: name, name: rule }) => {
          const [result] = resultsOf(name, rule)
          return [`${name}.${rule}`, result?.x === true]
        }),
      )
      expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs))
    },
    120_000,
  )

  it.skipIf(opa === undefined)(
    opa === undefined ? 'skipped: the strict check needs `opa`' : 'pass its strict check and its formatter',
    () => {
      execFileSync(opa ?? '', ['check', '--strict', 'policies'], { cwd: root })
      expect(execFileSync(opa ?? '', ['fmt', '--list', 'policies'], { cwd: root, encoding: 'utf8' })).toBe('')
    },
  )
})

interface OpaVerdict {
  readonly package: string
  readonly name: string
  readonly fail?: boolean
  readonly error?: unknown
}

function opaVerdicts(opa: string): readonly OpaVerdict[] {
  try {
    return JSON.parse(execFileSync(opa, ['test', 'policies', '--format', 'json'], { cwd: root, encoding: 'utf8' }))
  } catch (cause) {
    // Status 2: a test failed. The verdicts are still on standard output.
    if (cause instanceof Error && 'stdout' in cause && String(cause.stdout) !== '')
      return JSON.parse(String(cause.stdout))
    throw cause
  }
}

describe('what the gateway loads', () => {
  const shipped = files.filter((path) => !path.endsWith('_test.rego'))
  const sources = Object.fromEntries(shipped.map((path) => [path, modules[path] ?? '']))

  it('compiles without the tests and answers a call', () => {
    const input = {
      call: {
        tool: { server: 'erp', name: 'create_purchase_order' },
        time: '2026-11-20T09:30:00.000000Z',
        arguments: { vendor_id: 'acme', currency: 'EUR', amount: 900 },
      },
      agent: { id: 'buyer', status: 'active' },
    }
    expect(prepare({ query: 'data.gatehouse', modules: sources, data }).value(input)).toMatchObject({
      allow: true,
      deny: [],
      ask: [],
    })
  })

  it('names each rule that decides by an id of its own', () => {
    const ids = shipped.flatMap((path) =>
      [...(modules[path] ?? '').matchAll(/^#\s+id: (\S+)$/gm)].map((match) => match[1]),
    )
    expect(new Set(ids).size).toBe(ids.length)
    const deciding = shipped.flatMap((path) => [
      ...(modules[path] ?? '').matchAll(/^(?:allow|deny|ask|obligations) (?:if|contains)\b/gm),
    ])
    expect(ids.length).toBe(deciding.length)
  })

  it('gives each reason a code of its own', () => {
    const codes = shipped.flatMap((path) =>
      [...(modules[path] ?? '').matchAll(/^\t"code": "(\w+)"/gm)].map((match) => match[1]),
    )
    expect(new Set(codes).size).toBe(codes.length)
  })

  it('holds no data but the company’s', () => {
    expect(Object.keys(data)).toEqual(['company'])
    expect(files.map((path) => basename(path)).filter((name) => !/^[a-z-]+(_test)?\.rego$/.test(name))).toEqual([])
  })
})

describe('the data and the descriptions', () => {
  it('grant operations that the services have', () => {
    const operations = Object.fromEntries(
      ['erp', 'crm', 'desk'].map((name) => {
        const text = readFileSync(`${root}/examples/procurement/${name}.openapi.yaml`, 'utf8')
        return [name, [...text.matchAll(/^\s+operationId: (\w+)$/gm)].map((match) => match[1] as string)]
      }),
    )
    const grants = data.company.grants as Record<string, Record<string, string[]>>
    const unknown = Object.values(grants).flatMap((services) =>
      Object.entries(services).flatMap(([name, granted]) => granted.filter((one) => !operations[name]?.includes(one))),
    )
    expect(unknown).toEqual([])
  })
})
