/**
 * Emits groups: for every depth that is asked for one function that gives the document, or the part of it below some keys, from the
 * procedures of its rules. Here the rules meet: conflicts, defaults, early exit, the rule index and the memory of what was computed.
 */
import type { Block, Existence, Group, Probe, Procedure, RuleIndex, Variant } from '../plan/ir.ts'
import { type Code, code, join, name } from './code.ts'
import { emitProbeGet } from './get.ts'
import type { Context } from './procedure.ts'

export interface GroupContext extends Context {
  /** The place in a state's memo for the whole document of a group, where more than one place, or one that runs many times, asks for it. */
  memoSlot(group: number): number | undefined
}

export function emitGroup(context: GroupContext, group: Group): Code {
  const variants = [...group.variants.values()].map((variant) => emitVariant(context, group, variant))
  return join([...variants, ...group.existences.map((existence) => emitExistence(context, group, existence))], '\n')
}

/** A function that gives whether one of the rules has a member. */
function emitExistence(context: GroupContext, group: Group, { id, procedures }: Existence): Code {
  const finder =
    group.index === undefined || !context.instrument.indexed
      ? undefined
      : emitIndex(context, name('index', id), [], procedures, group.index)
  const lines: Code[] = finder === undefined ? [] : [finder.definition]
  lines.push(code`function ${name('exists', id)}(s) {`)
  const memo = context.memoSlot(id)
  if (memo !== undefined)
    lines.push(code`const memo = s.memo ??= makeMemo(), known = memo[${memo}]; if (known !== undefined) return known;`)
  lines.push(code`let out = false;`)
  if (finder !== undefined)
    lines.push(code`const c = ${finder.call}; for (let i = 0; i < c.length && !out; i++) out = c[i](s);`)
  else
    lines.push(
      code`out = ${join(
        procedures.map((each) => code`${name('procedure', each.id)}(s)`),
        ' || ',
      )};`,
    )
  if (memo !== undefined) lines.push(code`memo[${memo}] = out;`)
  lines.push(code`return out;`, code`}`)
  return join(lines, '\n')
}

function emitVariant(context: GroupContext, group: Group, variant: Variant): Code {
  const { id, kind, arity } = group
  const { depth } = variant
  const size = kind === 'function' ? arity : depth
  const args = Array.from({ length: size }, (_, i) => name('argument', i))
  const finder =
    group.index === undefined || !context.instrument.indexed
      ? undefined
      : emitIndex(context, name('index', id, depth), args.slice(0, arity), variant.procedures, group.index)
  const memo = kind !== 'function' && depth === 0 ? context.memoSlot(id) : undefined
  const lines: Code[] = []
  if (finder !== undefined) lines.push(finder.definition)
  lines.push(code`function ${name('group', id, depth)}(${join([code`s`, ...args])}) {`)
  if (kind !== 'function' && context.isReplaceable(group.path)) {
    const path = context.pool.constant([...group.path])
    const value = args.reduce((document, key) => code`lookup(${document}, ${key})`, code`r.value`)
    lines.push(
      code`if (s.overlay !== undefined) { const r = replacementAt(s.overlay, ${path}); if (r !== undefined) return ${value}; }`,
    )
  }
  lines.push(...context.instrument.asked(id, args))
  // Functions can call functions that call functions: each call is paid for, since the text of a policy bounds only its length.
  if (size > 0) lines.push(code`if (--s.evaluation.steps < 0) s.evaluation.spent();`)
  const slot = size > 0 && worthRemembering(variant) ? context.nextSlot() : undefined
  if (slot !== undefined) {
    lines.push(
      code`const memory = callMemory(s, ${slot}), given = [${join(args)}], known = memory.recall(given);`,
      code`if (known !== undefined) return known === absent ? undefined : known;`,
    )
  }
  if (memo !== undefined)
    lines.push(
      code`const memo = s.memo ??= makeMemo(), known = memo[${memo}]; if (known !== undefined) return known === absent ? undefined : known;`,
    )
  lines.push(
    ...(kind === 'complete' || kind === 'function'
      ? emitValue(context, group, variant, args, finder)
      : emitParts(context, group, variant, args, finder)),
  )
  if (memo !== undefined) lines.push(code`memo[${memo}] = out === undefined ? absent : out;`)
  if (slot !== undefined) lines.push(code`memory.keep(given, out);`)
  lines.push(code`return out;`, code`}`)
  return join(lines, '\n')
}

/** Whether a call does more than look at its arguments: goes through something, or calls or reads what other rules make. */
function worthRemembering({ procedures, fallbacks }: Variant): boolean {
  return [...procedures, ...fallbacks].some(({ clauses }) => clauses.some(doesWork))
}

function doesWork(block: Block): boolean {
  return block.some((statement) => {
    switch (statement.op) {
      case 'scan':
      case 'scanTree':
      case 'each':
      case 'every':
      case 'tree':
      case 'indexed':
        return true
      case 'document':
        return statement.keys.length > 0
      case 'call':
      case 'check':
        return statement.callee.kind === 'function'
      case 'and':
      case 'or':
        return doesWork(statement.left) || doesWork(statement.right)
      default:
        return 'body' in statement && doesWork(statement.body)
    }
  })
}

interface Finder {
  readonly definition: Code
  readonly call: Code
}

function emitValue(
  context: GroupContext,
  group: Group,
  variant: Variant,
  args: readonly Code[],
  finder: Finder | undefined,
): Code[] {
  const conflict = code`${group.kind === 'function' ? code`functionConflict` : code`conflict`}(${context.pool.place(group.at)})`
  const lines: Code[] = [code`let out;`]
  const { instrument } = context
  const uniform = group.uniform && instrument.exitsEarly
  const combine = (call: Code): Code =>
    uniform
      ? code`if (out === undefined) out = ${call};`
      : code`{ const t = ${call}; if (t !== undefined) { if (out === undefined) out = t; else if (!equal(out, t)) ${conflict}; } }`
  const operands = join([code`s`, ...args])
  if (finder !== undefined) {
    const stop = uniform ? code` && out === undefined` : code``
    lines.push(
      code`const c = ${finder.call};`,
      ...instrument.chosen(group.id, code`c.length`),
      code`for (let i = 0; i < c.length${stop}; i++) ${combine(code`c[i](${operands})`)}`,
    )
  } else {
    lines.push(...instrument.chosen(group.id, code`${variant.procedures.length}`))
    variant.procedures.forEach(({ id }, i) => {
      const call = code`${name('procedure', id)}(${operands})`
      lines.push(i === 0 ? code`out = ${call};` : combine(call))
    })
  }
  for (const { id } of variant.fallbacks)
    lines.push(code`if (out === undefined) out = ${name('procedure', id)}(${operands});`)
  return lines
}

function emitParts(
  { instrument }: GroupContext,
  group: Group,
  variant: Variant,
  args: readonly Code[],
  finder: Finder | undefined,
): Code[] {
  const { depth } = variant
  const members = group.kind === 'set' && depth === 0
  const lines: Code[] = [members ? code`const out = new RegoSet();` : code`const parts = new DocumentBuilder();`]
  const target = members ? code`out` : code`parts`
  const operands = join([code`s`, target, ...args])
  if (finder !== undefined)
    lines.push(
      code`const c = ${finder.call};`,
      ...instrument.chosen(group.id, code`c.length`),
      code`for (let i = 0; i < c.length; i++) c[i](${operands});`,
    )
  else {
    lines.push(...instrument.chosen(group.id, code`${variant.procedures.length}`))
    for (const { id } of variant.procedures) lines.push(code`${name('procedure', id)}(${operands});`)
  }
  if (!members) for (const { id } of variant.fallbacks) lines.push(code`${name('procedure', id)}(${operands});`)
  if (!members) lines.push(depth === 0 ? code`const out = parts.finish() ?? {};` : code`const out = parts.finish();`)
  return lines
}

/** The function that finds a group's candidates: a list of procedures. `prefix` begins the names of what it is made of. */
function emitIndex(
  context: GroupContext,
  prefix: Code,
  args: readonly Code[],
  procedures: readonly Procedure[],
  index: RuleIndex,
): Finder {
  const operands = join([code`s`, ...args])
  const candidates = (rules: readonly number[]): Code =>
    code`[${join(rules.map((rule) => name('procedure', procedures[rule]?.id ?? -1)))}]`
  const lines: Code[] = []
  const tables: Code[] = []
  let count = 0
  const emit = (node: RuleIndex): Code => {
    if (node.kind === 'leaf') return candidates(node.rules)
    const own = code`${prefix}_${count++}`
    // What stands below comes first: a function that another's table names must not be declared inside that other.
    const rest = node.kind === 'equal' ? emitBranches(node, own) : emitJoined(node, own)
    lines.push(code`function ${own}(${operands}) {`, ...emitProbe(context, node.probe), ...rest, code`}`)
    return own
  }
  const emitBranches = (node: Extract<RuleIndex, { kind: 'equal' }>, own: Code): Code[] => {
    const branches = node.branches.map(
      ({ value, next }) => code`[keyOf(${context.pool.constant(value)}), ${emit(next)}]`,
    )
    tables.push(code`const ${own}m = new Map([${join(branches)}]), ${own}o = ${emit(node.otherwise)};`)
    const select = code`let c = t === undefined ? undefined : ${own}m.get(typeof t === 'string' ? t : keyOf(t)); if (c === undefined) c = ${own}o;`
    return [select, code`return typeof c === 'function' ? c(${operands}) : c;`]
  }
  const emitJoined = (node: Extract<RuleIndex, { kind: 'prefix' | 'element' }>, own: Code): Code[] => {
    const branches = node.branches.map(
      ({ value, rules }) => code`[${context.pool.constant(value)}, ${candidates(rules)}]`,
    )
    const kind = node.kind === 'prefix' ? code`PrefixIndex` : code`ElementIndex`
    tables.push(code`const ${own}m = new ${kind}([${join(branches)}]), ${own}o = ${emit(node.otherwise)};`)
    return [code`return ${own}m.find(t, typeof ${own}o === 'function' ? ${own}o(${operands}) : ${own}o);`]
  }
  const root = emit(index)
  return { definition: join([...lines, ...tables], '\n'), call: code`${root}(${operands})` }
}

/** Statements that leave the probe's value, or undefined, in `t`. */
function emitProbe({ pool }: GroupContext, probe: Probe): Code[] {
  const root = probe.root === 'input' ? code`s.input` : name('argument', probe.argument)
  const lines: Code[] = []
  let source = root
  probe.path.forEach((key, i) => {
    const target = name('temp', i)
    lines.push(emitProbeGet(pool, { target, source, key: { kind: 'constant', value: key } }))
    source = target
  })
  lines.push(code`const t = ${source};`)
  return lines
}
