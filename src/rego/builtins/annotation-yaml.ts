/**
 * The YAML of `# METADATA` blocks. Only builtins may import packages, so the parser's one use of YAML stands here.
 */

import { isMap, isNode, isScalar, LineCounter, parseDocument, type YAMLMap, type YAMLParseError } from 'yaml'
import { unprintable } from './yaml-characters.ts'

/** What a block holds: plain values; integers beyond 2^53 are bigint. Maps have string keys only. */
export type YamlValue = null | boolean | number | bigint | string | YamlValue[] | { [key: string]: YamlValue }

/** What a text holds, and on which line, counted from 1, the value of each key of its outermost map begins. */
export interface ParsedYaml {
  readonly value: YamlValue
  readonly lines: ReadonlyMap<string, number>
}

/** Parses one document of YAML 1.2. On failure says why, and on which line of the text, counted from 1. */
export function parseYaml(text: string): ParsedYaml | { readonly problem: string; readonly line: number } {
  const control = unprintable.exec(text)
  if (control !== null) {
    return { problem: 'control characters are not allowed', line: text.slice(0, control.index).split('\n').length }
  }
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, intAsBigInt: true, stringKeys: true, prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined) return { problem: reason(error), line: lineCounter.linePos(error.pos[0]).line }
  if (document.contents !== null && !isMap(document.contents))
    return { problem: 'expected a map of annotations', line: 1 }
  try {
    const lines = document.contents === null ? new Map() : linesOf(document.contents, lineCounter)
    return { value: plain(document.toJS({ maxAliasCount: 100 })), lines }
  } catch (cause) {
    return { problem: cause instanceof Error ? cause.message : String(cause), line: 1 }
  }
}

function linesOf(map: YAMLMap, counter: LineCounter): ReadonlyMap<string, number> {
  return new Map(
    map.items.flatMap(({ key, value }) => {
      const start = isNode(value) ? value.range?.[0] : undefined
      return start === undefined ? [] : [[String(isScalar(key) ? key.value : key), counter.linePos(start).line]]
    }),
  )
}

function reason(error: YAMLParseError): string {
  return error.message.charAt(0).toLowerCase() + error.message.slice(1)
}

function plain(value: unknown): YamlValue {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  if (Array.isArray(value)) return value.map(plain)
  if (value !== null && typeof value === 'object') {
    const result: { [key: string]: YamlValue } = Object.create(null)
    for (const [key, entry] of Object.entries(value)) result[key] = plain(entry)
    return result
  }
  return value === undefined ? null : (value as YamlValue)
}
