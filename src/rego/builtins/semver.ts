/**
 * `semver.*`: versions of semver.org, a leading `v` allowed.
 */
import { compareStrings, type Value } from '../value.ts'
import { type Builtin, BuiltinError } from './builtin.ts'
import { stringOperand } from './operands.ts'

interface Version {
  /** Major, minor, patch. */
  readonly numbers: readonly bigint[]
  readonly preRelease: string
}

const identifiers = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/

function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function parse(text: string): Version | undefined {
  const [unbuilt, metadata] = cut(text.replace(/^v/, ''), '+')
  const [core, preRelease] = cut(unbuilt, '-')
  if (metadata !== '' && !identifiers.test(metadata)) return undefined
  if (preRelease !== '' && !identifiers.test(preRelease)) return undefined
  const parts = core.split('.')
  if (parts.length !== 3 || !parts.every((part) => /^\d+$/.test(part))) return undefined
  const numbers = parts.map(BigInt)
  return numbers.every((number) => BigInt.asIntN(64, number) === number) ? { numbers, preRelease } : undefined
}

function order(a: bigint | number, b: bigint | number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** semver.org, section 11. */
function compareVersions(a: Version, b: Version): number {
  for (let i = 0; i < 3; i++) {
    const difference = order(a.numbers[i] as bigint, b.numbers[i] as bigint)
    if (difference !== 0) return difference
  }
  if (a.preRelease === b.preRelease) return 0
  if (a.preRelease === '') return 1
  if (b.preRelease === '') return -1
  const left = a.preRelease.split('.')
  const right = b.preRelease.split('.')
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = compareIdentifiers(left[i] as string, right[i] as string)
    if (difference !== 0) return difference
  }
  return order(left.length, right.length)
}

/** Numbers come before words. */
function compareIdentifiers(a: string, b: string): number {
  const numberA = /^\d+$/.test(a)
  const numberB = /^\d+$/.test(b)
  if (numberA !== numberB) return numberA ? -1 : 1
  return numberA ? order(BigInt(a), BigInt(b)) : order(compareStrings(a, b), 0)
}

function compare(a: Value, b: Value): number {
  const [left, right] = [a, b].map((operand, i) => {
    const text = stringOperand(operand, i + 1)
    const version = parse(text)
    if (version === undefined) throw new BuiltinError(`operand ${i + 1}: string "${text}" is not a valid SemVer`)
    return version
  }) as [Version, Version]
  return compareVersions(left, right)
}

export const semver: Record<string, Builtin> = {
  'semver.compare': { run: (_, a, b) => compare(a, b) },
  'semver.is_valid': { run: (_, version) => typeof version === 'string' && parse(version) !== undefined },
}
