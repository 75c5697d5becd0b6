/**
 * The reference work for the engines: policies, data and inputs that `../shared/bench/gen.mjs` makes, and three cases of our own made from them, which
 * hold the same questions while one thing grows: the rules, or the part of the input that the policy does not read.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../../src/rego/index.ts'
import { root } from '../machine.ts'

export const caseNames = ['a', 'b-300', 'b-4k', 'b-64k', 'b-64k-unread', 'c-1000', 'c-10', 'd'] as const
export type CaseName = (typeof caseNames)[number]

/** A JSON object. */
export type JsonObject = { [key: string]: Json }

/** One policy, its data and eight inputs for it; the inputs are asked in turn, so that no engine learns one by heart. */
export interface Case {
  readonly name: CaseName
  /** What the table calls it. */
  readonly title: string
  /** The package and name of the rule that is asked for, as OPA's entrypoints are written: `a/allow`. */
  readonly entrypoint: string
  readonly policy: string
  readonly data: JsonObject
  readonly inputs: readonly JsonObject[]
  /** The inputs as they would come from a socket. */
  readonly bytes: readonly Buffer[]
}

const reference = join(root, '../shared/bench')

/** Makes the cases with files below `folder`. Throws where the reference work is not there: other work would give other numbers. */
export function makeCases(folder: string): Case[] {
  const generator = join(reference, 'gen.mjs')
  if (!existsSync(generator))
    throw new Error(
      'the policies and inputs of this benchmark are made by `../shared/bench/gen.mjs`, which is not there',
    )
  execFileSync(process.execPath, [generator], {
    env: { ...process.env, OUT: folder },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const text = (name: string): string => readFileSync(join(folder, 'rego', name), 'utf8')
  const data = (name: string): JsonObject => JSON.parse(text(`${name}.data.json`))
  const inputs = (name: string): JsonObject[] => JSON.parse(text(`${name}.inputs.json`))
  const thousand = text('c.rego')
  const b = { entrypoint: 'b/decision', policy: text('b.rego'), data: data('b') }
  const c = { data: data('c') }
  const parts: Omit<Case, 'bytes'>[] = [
    { name: 'a', title: 'a', entrypoint: 'a/allow', policy: text('a.rego'), data: data('a'), inputs: inputs('a') },
    { name: 'b-300', title: 'b 300 B', ...b, inputs: inputs('b300') },
    { name: 'b-4k', title: 'b 4 KB', ...b, inputs: inputs('b4k') },
    { name: 'b-64k', title: 'b 64 KB', ...b, inputs: inputs('b64k') },
    { name: 'b-64k-unread', title: 'b 64 KB, same fields read', ...b, inputs: inputs('b64k').map(withOneLine) },
    {
      name: 'c-1000',
      title: 'c 1,000 rules',
      ...c,
      entrypoint: 'c/allow',
      policy: thousand,
      inputs: inputs('c'),
    },
    {
      name: 'c-10',
      title: 'c 10 rules',
      ...c,
      entrypoint: 'c10/allow',
      policy: withRules(thousand, 10).replace('package c\n', 'package c10\n'),
      inputs: inputs('c').map((input, index) => ({ ...input, tool: `tool_${index}` })),
    },
    {
      name: 'd',
      title: 'd 10,000 users',
      entrypoint: 'd/allow',
      policy: text('d.rego'),
      data: data('d'),
      inputs: inputs('d'),
    },
  ]
  return parts.map((part) => ({ ...part, bytes: part.inputs.map((input) => Buffer.from(JSON.stringify(input))) }))
}

/** The first `count` of the policy's rules. */
function withRules(policy: string, count: number): string {
  return policy
    .split('\nallow if {')
    .slice(0, count + 1)
    .join('\nallow if {')
}

/** The same size with the lines where the policy does not look, but for the first: it reads what it reads at 300 B. */
function withOneLine(input: JsonObject): JsonObject {
  const args = input.args as JsonObject
  const lines = args.lines as JsonObject[]
  return { ...input, args: { ...args, lines: lines.slice(0, 1), delivered: lines.slice(1) } }
}
