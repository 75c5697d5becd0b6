/**
 * Both engines on OPA's own cases: what `opa build -t wasm` makes of each, run as the gateway runs it, gives the value, the undefinedness and the code
 * of the error that the compiler gives. The query of a case becomes a rule that holds all of its results. All cases with `CI`, else one in ten.
 * Cases that OPA cannot build are counted, those that OPA's module gets wrong are listed with their reasons.
 */
import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Json, loadWasm, parse, parseTerm, prepare, RegoErrors, type Value } from '../../src/rego/index.ts'
import { findOpa } from '../support/opa.ts'
import { type Built, buildWasm } from '../support/wasm.ts'
import { type Case, canonical, casesFolder, modulesOf, readCases } from './rego-cases.ts'
import { wasmDifferences, wasmRefusals } from './wasm-differences.ts'

const entrypoint = 'gatehouse_agreement/rows'

/** Cases of a topic that run: all, or one in ten of all cases. */
const stride = process.env.CI === undefined ? 10 : 1

interface Tree {
  readonly type?: string
  readonly value?: unknown
  readonly terms?: unknown
}

/** The names of the variables of a query, nested bodies left out. */
function variablesOf(query: string): readonly string[] {
  const names = new Set<string>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if (Array.isArray(node)) {
      for (const each of node) visit(each)
      return
    }
    const { type, value, terms, ...rest } = node as Tree
    if (type === 'arraycomprehension' || type === 'setcomprehension' || type === 'objectcomprehension') return
    if (type === 'var') names.add(value as string)
    // The first term of a call is the name of the function.
    else if (Array.isArray(terms)) visit([...terms.slice(1), ...Object.values(rest)])
    else visit([type === 'call' ? (value as unknown[]).slice(1) : value, terms, ...Object.values(rest)])
  }
  const { rules } = parse(`package query\n\nholds if {\n${query}\n}\n`) as { rules: { body: Json }[] }
  for (const { body } of rules) visit(body)
  return [...names].filter((name) => name !== 'data' && name !== 'input' && !/^[$_]/.test(name))
}

/** The modules of a case and one more, whose `rows` are the results of the query. */
function asked(wanted: Case): Record<string, string> {
  const fields = variablesOf(wanted.query).map((name) => `${JSON.stringify(name)}: ${name}`)
  const rows = `package gatehouse_agreement\n\nrows := [row |\n\t${wanted.query}\n\trow := {${fields.join(', ')}}\n]\n`
  return { ...modulesOf(wanted), 'rows.rego': rows }
}

/** Clock and chance are the same for both engines. */
const world = { now: () => 1_772_000_000_000_000_000n, random: (size: number) => new Uint8Array(size).fill(7) }

type Outcome = { readonly rows: Json | undefined } | { readonly codes: readonly string[] }

async function outcomeOf(run: () => Promise<Json | undefined>): Promise<Outcome> {
  try {
    return { rows: await run() }
  } catch (cause) {
    if (cause instanceof RegoErrors) return { codes: cause.errors.map(({ code }) => code) }
    throw cause
  }
}

function inputOf(wanted: Case): readonly [] | readonly [Value] {
  if (wanted.input_term !== undefined) return [parseTerm(wanted.input_term)]
  return 'input' in wanted ? [wanted.input as Value] : []
}

function byCompiler(wanted: Case): Promise<Outcome> {
  const { env = {}, data = {} } = wanted
  return outcomeOf(() => {
    const query = prepare({ query: 'data.gatehouse_agreement.rows', modules: asked(wanted), data, env, ...world })
    return query.valueAsync(...inputOf(wanted))
  })
}

function byModule(wanted: Case, module: Uint8Array): Promise<Outcome> {
  const { env = {}, data = {} } = wanted
  return outcomeOf(async () => {
    const policy = await loadWasm({ module, file: 'policy.wasm', data, env, ...world })
    return await policy.query(entrypoint).valueAsync(...inputOf(wanted))
  })
}

/** One text for everything that must be the same. */
function said(wanted: Case, outcome: Outcome): string {
  if ('codes' in outcome) return `errors ${outcome.codes.join()}`
  return outcome.rows === undefined ? 'undefined' : canonical(outcome.rows, wanted.sort_bindings === true)
}

const opa = findOpa()
const reason =
  opa === undefined ? 'there is no `opa` command' : existsSync(casesFolder) ? undefined : `there is no ${casesFolder}`

describe.skipIf(reason !== undefined)(`both engines${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  const topics = reason === undefined ? readdirSync(casesFolder).sort() : []
  const all = topics.flatMap((topic) => readCases(join(casesFolder, topic)).map((wanted) => ({ topic, wanted })))
  const listed = { ...wasmDifferences, ...wasmRefusals }
  const chosen = all.filter(({ wanted }, i) => i % stride === 0 || listed[wanted.note] !== undefined)
  const built = new Map<Case, Built>()

  beforeAll(async () => {
    const waiting = [...chosen]
    const work = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
        built.set(
          next.wanted,
          await buildWasm({ opa: opa as string, modules: asked(next.wanted), entrypoints: [entrypoint] }),
        )
    }
    await Promise.all(Array.from({ length: availableParallelism() }, work))
  }, 600_000)

  for (const topic of new Set(chosen.map((each) => each.topic))) {
    test(`agree on ${topic}`, async () => {
      const wrong: object[] = []
      for (const { wanted } of chosen.filter((each) => each.topic === topic)) {
        const made = built.get(wanted) as Built
        if ('refusal' in made) continue
        const ours = said(wanted, await byCompiler(wanted))
        const theirs = said(wanted, await byModule(wanted, made.module))
        const difference = wasmDifferences[wanted.note]
        if (difference === undefined ? ours !== theirs : ours === theirs)
          wrong.push({
            note: wanted.note,
            ours,
            theirs,
            ...(difference !== undefined && { listed: 'agrees now: take it off the list' }),
          })
      }
      expect(wrong).toEqual([])
    }, 60_000)
  }

  test('get a module for every case but those on the list', () => {
    const refused = chosen.flatMap(({ wanted }) => {
      const made = built.get(wanted) as Built
      return 'refusal' in made ? [{ note: wanted.note, refusal: made.refusal }] : []
    })
    console.log(`both engines ran ${chosen.length - refused.length} of ${chosen.length} cases`)
    expect(refused.filter(({ note }) => wasmRefusals[note] === undefined)).toEqual([])
    expect(Object.keys(wasmRefusals).filter((note) => !refused.some((each) => each.note === note))).toEqual([])
  })
})
