/**
 * Any bytes against the compiler's front end: whatever the text, what comes out is a value or `RegoErrors` with a row, soon. The texts are random bytes,
 * mutilated modules of this project and of the generator, and what is deep, long or no Unicode. The generator's modules must also survive formatting.
 * The seed is printed; `GATEHOUSE_SEED` chooses another and `GATEHOUSE_FUZZ_RUNS` how many texts there are of each sort.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { check, format, type Json, parse, parseTerm, RegoErrors } from '../../src/rego/index.ts'
import { makeGenerator } from '../agree/differential/program.ts'
import { makeRandom, type Random } from '../agree/differential/random.ts'

const seed = Number(process.env.GATEHOUSE_SEED ?? 1)
const runs = Number(process.env.GATEHOUSE_FUZZ_RUNS ?? (process.env.CI === 'true' ? 1000 : 100))

/** What one text may take, on a machine that does other things too; a text of this test takes some milliseconds. */
const textMsMax = 10_000
const testMsMax = 600_000

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  check: (text) => check({ modules: { 'f.rego': text } }),
  'check --strict': (text) => check({ modules: { 'f.rego': text }, strict: true, print: true }),
  parse: (text) => parse(text, 'f.rego'),
  format: (text) => format(text, 'f.rego'),
  parseTerm: (text) => parseTerm(text),
}

/** Fails unless every reader gives a value or errors that say where. */
function survives(text: string): void {
  for (const [name, read] of Object.entries(readers)) {
    const began = performance.now()
    const errors = errorsOf(() => read(text), name, text)
    const shown = JSON.stringify(text.slice(0, 2000))
    expect(performance.now() - began, `${name} takes too long for ${shown}`).toBeLessThan(textMsMax)
    for (const { row, col } of errors) expect(row > 0 && col > 0, `${name} says no place in ${shown}`).toBe(true)
  }
}

function errorsOf(read: () => unknown, name: string, text: string): RegoErrors['errors'] {
  try {
    const said = read()
    // Too many errors are told of in one that stands nowhere.
    return name.startsWith('check')
      ? (said as RegoErrors['errors']).filter(({ message }) => !/limit/.test(message))
      : []
  } catch (cause) {
    if (cause instanceof RegoErrors) return cause.errors
    throw new Error(`${name} throws for ${JSON.stringify(text.slice(0, 2000))}`, { cause })
  }
}

const project = join(import.meta.dirname, '../..')
const shipped = globSync(['policies/**/*.rego', 'examples/**/*.rego'], { cwd: project }).map((file) =>
  readFileSync(join(project, file), 'utf8'),
)

const pieces = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    ':=',
    '=',
    '|',
    '.',
    ',',
    ';',
    '\n',
    '\r',
    '"',
    '`',
    '$"',
    '$`',
    '\\',
    '#',
    '_',
    '-',
  ],
  ...[
    'not ',
    'some ',
    'every ',
    ' in ',
    ' if ',
    ' else ',
    ' with ',
    ' as ',
    'import ',
    'package ',
    '# METADATA\n# a: [',
  ],
  ...['\0', '\ud800', '\udc00', '\u{1f600}', '\ufeff', '\u2028', '\u0085', '\ufffd', '1e999999999', '0x', '\\u{', '9'],
]

/** A text with some of its characters taken out, doubled, moved or replaced. */
function mutilated(random: Random, source: string): string {
  let text = source.slice(0, 4000)
  for (let times = 1 + random.below(5); times > 0; times--) {
    const at = random.below(text.length + 1)
    const end = Math.min(text.length, at + random.below(30))
    const part = text.slice(at, end)
    const way = random.below(4)
    const put =
      way === 0 ? '' : way === 1 ? part + part : way === 2 ? random.pick(pieces) : [...part].reverse().join('')
    text = text.slice(0, at) + put + text.slice(way === 2 ? at : end)
  }
  return text
}

function randomBytes(random: Random): string {
  const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256))
  return Buffer.from(bytes).toString(random.pick(['utf8', 'latin1', 'utf16le']))
}

const many = 20_000
const rule = (value: string) => `package a\n\np := ${value}\n`

/** What nests, what is long, and what is no text. */
const extremes: Readonly<Record<string, string>> = {
  'arrays in arrays': rule('['.repeat(many) + ']'.repeat(many)),
  'arrays that never end': rule('['.repeat(many)),
  'sets in sets': rule(`${'{'.repeat(many)}1${'}'.repeat(many)}`),
  'objects in objects': rule(`${'{1:'.repeat(many)}1${'}'.repeat(many)}`),
  parentheses: rule(`${'('.repeat(many)}1${')'.repeat(many)}`),
  calls: rule(`${'f('.repeat(many)}1${')'.repeat(many)}`),
  comprehensions: rule(`${'[1 | '.repeat(many)}true${']'.repeat(many)}`),
  templates: rule(`${'$"{'.repeat(many)}1${'}"'.repeat(many)}`),
  'bodies of not': `package a\nimport future.keywords.not\np if { ${'not { '.repeat(many)} true ${'}'.repeat(many)} }`,
  'bodies of every': `package a\np if { ${'every x in [] { '.repeat(many)} true ${'}'.repeat(many)} }`,
  'one ref after another': rule(`input${'.a'.repeat(many)}`),
  'one ref in another': rule(`${'input['.repeat(many)}1${']'.repeat(many)}`),
  sums: rule(`1${' + 1'.repeat(many)}`),
  memberships: rule(`1${' in 1'.repeat(many)}`),
  negations: `package a\np if { ${'not '.repeat(many)} true }`,
  minuses: rule(`${'-'.repeat(many)}1`),
  'and chains': `package a\nimport future.keywords.and\np if { true${' and true'.repeat(many)} }`,
  else: `package a\np := 1 if false${' else := 1 if false'.repeat(many)}`,
  with: `package a\np if true${' with input.a as 1'.repeat(many)}`,
  'a long number': rule('9'.repeat(many)),
  'a long fraction': rule(`0.${'1'.repeat(many)}`),
  'a huge exponent': rule('1e999999999999'),
  'a tiny exponent': rule('1e-999999999999'),
  'a long string': rule(`"${'\\u0041'.repeat(many)}"`),
  'a string without end': rule(`"${'a'.repeat(many)}`),
  'a long name': rule('a'.repeat(many)),
  'a long package': `package ${'a.'.repeat(many)}a`,
  'a lone high surrogate': rule('"\ud800"'),
  'a lone low surrogate as a name': rule('\udc00'),
  'an escaped lone surrogate': rule('"\\ud800"'),
  'a NUL': 'package a\0\np := "\0"',
  'nothing but NULs': '\0'.repeat(many),
  'a byte-order mark in the middle': 'package a\n\ufeffp := 1',
  'separators of lines': 'package a\u2028p := 1\u2029\u0085q := 2\rr := 3',
  'deep annotations': `# METADATA\n# custom: ${'['.repeat(many)}\npackage a`,
  'aliases of aliases': `# METADATA\n# custom:\n#   a: &a [1, 1]\n${Array.from({ length: 30 }, (_, i) => `#   a${i}: &a${i} [*a${i === 0 ? '' : i - 1}, *a${i === 0 ? '' : i - 1}]`).join('\n')}\npackage a`,
  'nothing at all': '',
}

describe(`the front end (GATEHOUSE_SEED=${seed} GATEHOUSE_FUZZ_RUNS=${runs})`, () => {
  it.each(Object.entries(extremes))('survives %s', (_note, text) => survives(text), testMsMax)

  it(
    'survives random bytes',
    () => {
      const random = makeRandom(seed)
      for (let i = 0; i < runs; i++)
        survives(random.chance(0.5) ? randomBytes(random) : `package a\n${randomBytes(random)}`)
    },
    testMsMax,
  )

  it(
    'survives mutilated modules',
    () => {
      const random = makeRandom(seed)
      const next = makeGenerator(seed)
      for (let i = 0; i < runs; i++) {
        const sources = random.chance(0.5) ? shipped : Object.values(next().program.modules)
        survives(mutilated(random, random.pick(sources)))
      }
    },
    testMsMax,
  )

  it(
    'says the same of a module before and after formatting, which comes to rest',
    () => {
      const next = makeGenerator(seed)
      let formatted = 0
      for (let i = 0; i < runs; i++) {
        for (const source of Object.values(next().program.modules)) {
          // Where a rule is kept as it was written, a block of annotations above it may lose its first line; `format.test.ts` holds annotations alone.
          if (source.includes('# METADATA')) continue
          const text = formattedOf(source)
          if (text === undefined) continue
          formatted++
          expect(meaningOf(text), source).toBe(meaningOf(source))
          const settled = settledOf(text)
          expect(format(settled), source).toBe(settled)
          expect(meaningOf(settled), source).toBe(meaningOf(source))
        }
      }
      expect(formatted).toBeGreaterThan(runs / 2)
    },
    testMsMax,
  )
})

function formattedOf(source: string): string | undefined {
  try {
    return format(source)
  } catch (cause) {
    if (cause instanceof RegoErrors) return undefined
    throw cause
  }
}

/** As `opa fmt` does, each run sets apart one more import that sorting has moved to another row. */
const settlingRunsMax = 8

function settledOf(text: string): string {
  let settled = text
  for (let i = 0; i < settlingRunsMax; i++) settled = format(settled)
  return settled
}

/** The tree without places: of imports the order is no matter, and formatting adds and takes away those that say nothing. */
function meaningOf(text: string): string {
  const tree = parse(text) as { readonly imports?: readonly Json[] }
  const { imports = [], ...rest } = tree
  const kept = imports.map((each) => JSON.stringify(each)).filter((each) => !/"(?:future|rego)"/.test(each))
  // In a head `=` may become `:=`, wildcards are numbered, and places move.
  const ignored = new Set(['comments', 'annotations', 'assign', 'name', 'location'])
  const plain = (key: string, value: unknown): unknown => {
    if (ignored.has(key)) return undefined
    if (key === 'parts') return partsOf(value as readonly Part[])
    if (isSet(value)) return { ...value, value: value.value.map((item) => JSON.stringify(item, plain)).sort() }
    // `p.a := 1` has a key and `p.a := 1 if true`, the same rule, has none.
    return key === 'head' ? keyless(value as { readonly value?: unknown }) : value
  }
  return JSON.stringify([kept.sort(), rest], plain).replace(/"[$_]\d+"/g, '"_"')
}

function keyless(head: { readonly value?: unknown; readonly key?: unknown }): object {
  const { key, ...rest } = head
  return head.value === undefined ? { ...rest, key } : rest
}

/** Members have no order. */
function isSet(value: unknown): value is { readonly type: 'set'; readonly value: readonly unknown[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'set'
}

interface Part {
  readonly type: string
  readonly value: unknown
}

/** The parts of a template, where constants are part of the text. */
function partsOf(parts: readonly Part[]): readonly (string | Part)[] {
  const merged: (string | Part)[] = []
  for (const part of parts) {
    const isConstant = ['string', 'number', 'boolean', 'null'].includes(part.type)
    const text =
      part.type === 'null' ? 'null' : part.type === 'string' ? String(part.value) : JSON.stringify(part.value)
    const last = merged.at(-1)
    if (!isConstant) merged.push(part)
    else if (typeof last === 'string') merged[merged.length - 1] = last + text
    else merged.push(text)
  }
  return merged
}
