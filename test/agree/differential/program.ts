/**
 * Whole generated programs: modules, query and documents. Three sorts are mixed: programs over the whole language, programs that call one builtin
 * after another with operands of its declared types, and programs with a deliberate mistake or a damaged text.
 */
import { declarations } from '../../../src/rego/builtins/declarations.ts'
import { statementKinds, writeBody } from './bodies.ts'
import { type Draft, type KnownRule, note } from './draft.ts'
import { damaged, mistakeKinds, writeMistake } from './mistakes.ts'
import { makeDeck, makeRandom, type Random } from './random.ts'
import { ruleKinds, writeRule } from './rules.ts'
import { builtinCall, term } from './terms.ts'
import { constant, documentText, jsonText } from './values.ts'

export interface Program {
  /** Source by file name. */
  readonly modules: Readonly<Record<string, string>>
  readonly query: string
  /** JSON texts: numbers keep their digits. Without `input`, input is undefined. */
  readonly input?: string
  readonly data: string
  /** A builtin error ends the evaluation. */
  readonly strict: boolean
  /** Functions that a host of the policies would add, by name, with the number of their arguments. Each gives `{"msg": <the first>}`. */
  readonly functions?: Readonly<Record<string, number>>
  /** Milliseconds that OPA may take for the evaluation; default 1,000. */
  readonly waitMs?: number
}

export interface Generated {
  readonly program: Program
  /** What it contains: `statement:...`, `rule:...`, `builtin:...`, `mistake:...`, `query:...`. */
  readonly used: ReadonlySet<string>
  /** The builtins that rules named like them call, so that a result shows which of them were defined: rule name -> builtin. */
  readonly probes: ReadonlyMap<string, string>
}

/** Builtins that the two sides cannot be compared on, each with its reason. */
export const incomparable: Readonly<Record<string, string>> = {
  'http.send': 'needs a network and a server; its replies are compared with a local one elsewhere',
  'internal.print': 'what the compiler makes of `print`, which is compared',
  'internal.template_string': 'what the compiler makes of a template string, which is compared',
  'internal.test_case': 'what the compiler makes of test cases',
  assign: 'the operator `:=`, a statement',
  eq: 'the operator `=`, a statement',
}

/** Nondeterministic builtins: only what is the same on every run is compared. */
const shapes: Readonly<Record<string, readonly string[]>> = {
  'opa.runtime': ['type_name(opa.runtime())'],
  'rand.intn': [
    'rand.intn("a", 1)',
    'rand.intn("a", 10) < 10',
    'type_name(rand.intn("b", -5))',
    'rand.intn("c", 0)',
    'rand.intn("d", 1.5)',
    'rand.intn("e", 9) == rand.intn("e", 9)',
  ],
  'time.now_ns': ['type_name(time.now_ns())', 'time.now_ns() == time.now_ns()', 'time.now_ns() > 1600000000000000000'],
  'uuid.rfc4122': [
    'count(uuid.rfc4122("a"))',
    'uuid.rfc4122("a") == uuid.rfc4122("a")',
    'uuid.parse(uuid.rfc4122("b")).version',
  ],
}

/** Builtins that are called with the name and operands of a function. */
const probed = Object.keys(declarations).filter((name) => !(name in incomparable))

/** Every kind that coverage expects to be reached. */
export const expectedKinds: readonly string[] = [
  ...statementKinds.map((kind) => `statement:${kind}`),
  'statement:and',
  'statement:or',
  ...ruleKinds.map((kind) => `rule:${kind}`),
  ...mistakeKinds.map((kind) => `mistake:${kind}`),
  'mistake:damaged text',
  ...['array', 'set', 'object'].map((kind) => `comprehension:${kind}`),
  ...[
    'term:template string',
    'ref:input',
    'ref:data',
    'ref:import',
    'ref:by variable',
    'ref:function',
    'ref:into a literal',
    'ref:into a comprehension',
  ],
  ...['rule value', 'rule set', 'rule object'].map((kind) => `ref:${kind}`),
  ...['package', 'rule', 'iterate', 'body', 'everything'].map((kind) => `query:${kind}`),
]

export const expectedBuiltins: readonly string[] = probed.filter((name) => declarations[name]?.deprecated !== true)

/** An endless supply of programs; the same seed gives the same ones. */
export function makeGenerator(seed: number): () => Generated {
  const random = makeRandom(seed)
  const nextBuiltin = makeDeck(random, probed)
  const nextMistake = makeDeck(random, [...mistakeKinds, 'damaged text', 'damaged text', 'damaged text'])
  const nextRule = makeDeck(random, ruleKinds)
  return () => {
    const sort = random.weighted({ language: 6, builtins: 3, mistake: 2 })
    const writer = new ProgramWriter(random)
    if (sort === 'builtins') return writer.builtins(nextBuiltin)
    return writer.language(nextRule, sort === 'mistake' ? nextMistake() : undefined)
  }
}

class ProgramWriter {
  private readonly random: Random
  private readonly used = new Set<string>()
  private readonly rules: KnownRule[] = []
  private names = 0

  constructor(random: Random) {
    this.random = random
  }

  language(nextRule: () => (typeof ruleKinds)[number], mistake: string | undefined): Generated {
    const { random } = this
    const modules: Record<string, string> = {}
    const packages = 1 + random.below(3)
    for (let i = 0; i < packages; i++) modules[`m${i}.rego`] = this.module(`p${i}`, nextRule)
    if (mistake !== undefined) {
      this.used.add(`mistake:${mistake}`)
      const file = random.pick(Object.keys(modules))
      const source = modules[file] ?? ''
      modules[file] =
        mistake === 'damaged text' ? damaged(random, source) : `${source}${writeMistake(random, mistake, 'bad')}\n`
    }
    const draft = this.draft(`p${packages - 1}`, new Set(), [])
    return this.finish(modules, this.query(draft), mistake === 'failing builtin' ? 0.7 : 0.25)
  }

  /** One rule for each of some builtins; where errors are strict only one, since the first error ends everything. */
  builtins(nextBuiltin: () => string): Generated {
    const { random } = this
    const strict = random.chance(0.3)
    const probes = new Map<string, string>()
    const lines = ['package p0']
    const draft = this.draft('p0', new Set(), [])
    for (let i = strict ? 1 : 4 + random.below(5); i > 0; i--) {
      const name = nextBuiltin()
      const rule = `b${i}`
      if (declarations[name]?.deprecated === true && !strict) continue
      probes.set(rule, name)
      lines.push(this.probe(draft, rule, name, strict))
    }
    const generated = this.finish({ 'm0.rego': `${lines.join('\n')}\n` }, 'data.p0 = x', strict ? 1 : 0)
    return { ...generated, probes }
  }

  /** With strict errors both operands of an operator are constants: which of two undefined ones comes first decides whether there is an error. */
  private probe(draft: Draft, rule: string, name: string, strict: boolean): string {
    const { random } = draft
    const decl = declarations[name]
    if (decl === undefined) throw new Error(`no declaration of \`${name}\``)
    note(draft, `builtin:${name}`)
    const shape = shapes[name]
    if (shape !== undefined) return `${rule} := ${random.pick(shape)}`
    if (name === 'walk') return `${rule} := [[p, v] | walk(${constant(random, 'any', 3)}, [p, v])]`
    if (name === 'print') return `${rule} if { print(${term(draft, [], 'any', 1)}) }`
    if (name.startsWith('rego.metadata.')) return `# METADATA\n# title: t\n${rule} := ${name}()`
    if (decl.infix !== undefined && random.chance(0.7)) {
      const [left, right] = decl.args
        .slice(-2)
        .map((arg) => (strict || random.chance(0.4) ? constant(random, arg.type) : term(draft, [], arg.type, 1)))
      const key = decl.args.length === 3 ? `${constant(random, 'any')}, ` : ''
      return `${rule} := (${key}${left} ${decl.infix} ${right})`
    }
    return `${rule} := ${builtinCall(draft, [], name, decl, 2)}`
  }

  private module(pkg: string, nextRule: () => (typeof ruleKinds)[number]): string {
    const { random } = this
    const keywords = new Set((['and', 'or', 'not'] as const).filter(() => random.chance(0.4)))
    const lines = [random.chance(0.1) ? `package ${pkg} # the first line` : `package ${pkg}`]
    const imported: string[] = []
    if (random.chance(0.2)) lines.push('import rego.v1')
    for (const word of keywords) lines.push(`import future.keywords.${word}`)
    if (random.chance(0.3)) {
      lines.push('import data.base as shared')
      imported.push('shared')
    }
    if (random.chance(0.2)) {
      lines.push('import input as asked')
      imported.push('asked')
    }
    const draft = this.draft(pkg, keywords, imported)
    for (let i = 2 + random.below(5); i > 0; i--) {
      if (random.chance(0.1)) lines.push('', '# a remark')
      lines.push(writeRule(draft, random.chance(0.7) ? nextRule() : undefined))
    }
    return `${lines.join('\n')}\n`
  }

  private query(draft: Draft): string {
    const { random } = this
    const kind = random.weighted({ package: 4, rule: 4, iterate: 2, body: 1, everything: 1 })
    note(draft, `query:${kind}`)
    const last = this.rules.filter(({ kind: of }) => of !== 'function')
    const rule = last.length > 0 ? random.pick(last).ref : 'data.base'
    switch (kind) {
      case 'package':
        return `data.${draft.pkg} = x`
      case 'rule':
        return `${rule} = x`
      case 'iterate':
        return `${rule}[k] = x`
      case 'body':
        return draft.body([], 1).text
      case 'everything':
        return 'data = x'
    }
  }

  private draft(pkg: string, keywords: Draft['keywords'], imported: readonly string[]): Draft {
    const draft: Draft = {
      random: this.random,
      used: this.used,
      rules: this.rules,
      pkg,
      keywords,
      imported,
      fresh: (prefix) => `${prefix}${this.names++}`,
      body: (scope, depth) => writeBody(draft, scope, depth),
    }
    return draft
  }

  private finish(modules: Record<string, string>, query: string, strictShare: number): Generated {
    const { random } = this
    // Base documents beside the virtual ones: the same package has both.
    const mixed = random.chance(0.3) ? `,"p0":{"base":${jsonText(random, 1)},"more":${jsonText(random, 1)}}` : ''
    const program: Program = {
      modules,
      query,
      data: `{"base":${documentText(random)}${mixed}}`,
      strict: random.chance(strictShare),
      ...(random.chance(0.95) ? { input: random.chance(0.95) ? documentText(random) : jsonText(random, 2) } : {}),
    }
    return { program, used: this.used, probes: new Map() }
  }
}
