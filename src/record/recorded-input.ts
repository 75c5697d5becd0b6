/**
 * The policy's input as a record holds it, as far as the route's level goes: as text, for which what calls have in common is
 * printed once, or as an object, for whoever changes it first.
 */
import {
  type Decision,
  isJsonObject,
  type Json,
  type JsonObject,
  property,
  quote,
  type Recording,
  textOf,
} from '../model/index.ts'
import type { Pieces } from './batch.ts'

/** Never in a record, whatever the route lets policy see. */
const secretHeaders = ['authorization', 'proxy-authorization', 'cookie']

/** Undefined at level `none`. */
export function recordedInput(input: JsonObject, level: Recording['level']): JsonObject | undefined {
  if (level === 'none') return undefined
  const { call } = input
  if (!isJsonObject(call)) return input
  return { ...input, call: level === 'input' ? withoutSecrets(call) : withoutContent(call) }
}

/** Prints what `recordedInput` gives, of a decision that has an input; nothing at level `none`. */
export function makeInputTexts(): (decision: Decision, level: Recording['level']) => Pieces {
  const parts = new WeakMap<JsonObject, string>()

  /** What does not change from call to call is the same object in each (`decide/` sees to it), and its text is kept. */
  function partOf(value: Json): string {
    if (!isJsonObject(value)) return textOf(value)
    let text = parts.get(value)
    if (text === undefined) {
      text = textOf(value)
      parts.set(value, text)
    }
    return text
  }

  return function inputText(decision, level) {
    const { input } = decision
    if (input === undefined || level === 'none') return []
    const pieces: (string | Uint8Array)[] = []
    let text = ''
    for (const key of Object.keys(input)) {
      const value = input[key]
      if (value === undefined) continue
      text += `${text === '' && pieces.length === 0 ? '{' : ','}${quote(key)}:`
      if (key === 'call' && isJsonObject(value)) {
        pieces.push(text, ...callText(value, decision, level))
        text = ''
      } else text += partOf(value)
    }
    pieces.push(text === '' && pieces.length === 0 ? '{}' : `${text}}`)
    return pieces
  }
}

/** The `call` part of the input. Where it holds what the agent sent as it was parsed, the bytes that came are taken. */
function callText(call: JsonObject, { body }: Decision, level: Recording['level']): Pieces {
  const kept = level === 'input' ? withoutSecrets(call) : withoutContent(call)
  const pieces: (string | Uint8Array)[] = []
  let text = '{'
  for (const key of Object.keys(kept)) {
    const value = kept[key]
    if (value === undefined) continue
    text += `${text === '{' ? '' : ','}${quote(key)}:`
    if (typeof value === 'string') text += quote(value)
    else if (typeof value === 'bigint') text += String(value)
    else if (body === undefined || value !== body.value || hasLineBreaks(body.bytes)) text += textOf(value)
    else {
      pieces.push(text, body.bytes)
      text = ''
    }
  }
  pieces.push(`${text}}`)
  return pieces
}

/** They would end the record; in JSON they can only be white space between values. */
function hasLineBreaks(bytes: Uint8Array): boolean {
  return bytes.includes(0x0a) || bytes.includes(0x0d)
}

function withoutSecrets(call: JsonObject): JsonObject {
  const http = property(call, 'http')
  const headers = property(http, 'headers')
  if (!isJsonObject(http) || !isJsonObject(headers)) return call
  if (!secretHeaders.some((name) => Object.hasOwn(headers, name))) return call
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !secretHeaders.includes(name)))
  return { ...call, http: { ...http, headers: kept } }
}

/** Who did what to which thing, without what was in it. Printing leaves out what is undefined. */
function withoutContent(call: JsonObject): JsonObject {
  const http = property(call, 'http')
  const kept = isJsonObject(http) ? { http: { ...http, query: undefined, headers: undefined } } : {}
  return { ...call, ...kept, arguments: undefined, body: undefined } as unknown as JsonObject
}
