/** Emits calls: functions of the policy, builtins, and the few builtins that are worth writing out where they are used. */
import type { Span } from '../ast.ts'
import type { Operand, PlannedCallee, StateId } from '../plan/ir.ts'
import { type Code, code, join, name } from './code.ts'
import type { Pool } from './pool.ts'

export interface CallSite {
  readonly callee: PlannedCallee
  readonly args: readonly Operand[]
  readonly state: StateId
  readonly at: Span
}

/** What emission must know of the whole plan. */
export interface Calls {
  readonly pool: Pool
  readonly replacedFunctions: ReadonlySet<string>
  /** The full name of a function group: `data.a.f`. */
  functionName(group: number): string
}

/** An expression for the result of a call, undefined where it has none. */
export function emitCall(calls: Calls, site: CallSite): Code {
  const { pool } = calls
  const full = site.callee.kind === 'builtin' ? site.callee.name : calls.functionName(site.callee.group)
  if (!calls.replacedFunctions.has(full)) {
    return (
      (site.callee.kind === 'builtin' ? inlineValue(calls, site.callee.name, site) : undefined) ??
      directCall(calls, site)
    )
  }
  const args = join([name('state', site.state), ...site.args.map((arg) => pool.operand(arg))])
  return code`(${name('state', site.state)}.functions?.has(${full}) ? ${name('state', site.state)}.functions.get(${full})(${args}) : ${directCall(calls, site)})`
}

function directCall({ pool }: Calls, { callee, args, state, at }: CallSite): Code {
  const values = args.map((arg) => pool.operand(arg))
  if (callee.kind === 'function')
    return code`${name('group', callee.group, 0)}(${join([name('state', state), ...values])})`
  return code`${pool.builtin(callee.name)}(${join([name('state', state), pool.place(at), ...values])})`
}

/** A condition that is true where a call is defined and not false. */
export function emitCheck(calls: Calls, site: CallSite, scratch: Code): Code {
  if (site.callee.kind === 'builtin' && !calls.replacedFunctions.has(site.callee.name)) {
    const inline = inlineCondition(calls.pool, site.callee.name, site.args)
    if (inline !== undefined) return inline
  }
  return code`(${scratch} = ${emitCall(calls, site)}) !== undefined && ${scratch} !== false`
}

function inlineCondition(pool: Pool, builtin: string, args: readonly Operand[]): Code | undefined {
  const [left, right] = args
  if (left === undefined || right === undefined || args.length !== 2) return undefined
  const a = pool.operand(left)
  const b = pool.operand(right)
  const both = code`typeof ${a} === 'number' && typeof ${b} === 'number'`
  switch (builtin) {
    case 'equal':
      return emitEqual(pool, left, right)
    case 'neq':
      return code`!(${emitEqual(pool, left, right)})`
    case 'lt':
      return code`(${both} ? ${a} < ${b} : less(${a}, ${b}))`
    case 'gt':
      return code`(${both} ? ${a} > ${b} : less(${b}, ${a}))`
    case 'lte':
      return code`(${both} ? ${a} <= ${b} : lessOrEqual(${a}, ${b}))`
    case 'gte':
      return code`(${both} ? ${a} >= ${b} : lessOrEqual(${b}, ${a}))`
    case 'internal.member_2':
      return code`isMember(${a}, ${b})`
    default:
      return undefined
  }
}

/** Comparisons are total, so that their value is their condition; what has a size is asked for it on the spot. */
function inlineValue(calls: Calls, builtin: string, site: CallSite): Code | undefined {
  const [operand] = site.args
  if (builtin !== 'count' || operand === undefined) return inlineCondition(calls.pool, builtin, site.args)
  // A text is counted in code points, and a number cannot be counted: `4.length` would be no JavaScript either.
  if (operand.kind === 'constant') return directCall(calls, site)
  const value = calls.pool.operand(operand)
  return code`(Array.isArray(${value}) ? ${value}.length : ${value} instanceof RegoSet ? ${value}.size : ${directCall(calls, site)})`
}

/** A condition that is true where two operands are equal. */
export function emitEqual(pool: Pool, left: Operand, right: Operand): Code {
  const a = pool.operand(left)
  const b = pool.operand(right)
  // A string, a boolean and null equal nothing but themselves.
  if ([left, right].some((side) => side.kind === 'constant' && isIdentity(side.value))) return code`${a} === ${b}`
  // Numbers that JavaScript has compare by themselves.
  if ([left, right].some((side) => side.kind === 'constant' && typeof side.value === 'number'))
    return code`(${a} === ${b} || (typeof ${a} !== typeof ${b} && equal(${a}, ${b})))`
  // Most of what is compared are strings, and most of those differ: they are told apart without a call, which would also undo what is known of a loop.
  return code`(${a} === ${b} || (typeof ${a} !== 'string' && equal(${a}, ${b})))`
}

function isIdentity(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || value === null
}
