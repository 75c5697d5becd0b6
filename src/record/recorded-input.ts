/**
 * The policy's input as a record holds it, as far as the route's level goes: as text, for which what calls have in common is
 * printed once, or as an object, for whoever changes it first.
 */
import {
  type Decision,
  isJsonObject,
  type Json,
  type JsonObject,
  type ParsedJson,
  property,
  quote,
  type Recording,
  textOf,
} from '../model/index.ts'

/** Never in a record, whatever the route lets policy see. */
const secretHeaders = ['authorization', 'proxy-authorization', 'cookie']

/** Undefined at level `none`. */
export function recordedInput(input: JsonObject, level: Recording['level']): JsonObject | undefined {
  if (level === 'none') return undefined
  const { call } = input
  if (!isJsonObject(call)) return input
  return { ...input, call: level === 'input' ? withoutSecrets(call) : withoutContent(call) }
}

/** Prints what `recordedInput` gives, of a decision that has an input. */
export function makeInputTexts(): (decision: Decision, level: Recording['level']) => string {
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
    if (input === undefined || level === 'none') return ''
    let text = ''
    for (const key of Object.keys(input)) {
      const value = input[key]
      if (value === undefined) continue
      const printed = key === 'call' ? callPartText(value, decision, level) : partOf(value)
      text += `${text === '' ? '' : ','}${quote(key)}:${printed}`
    }
    return `{${text}}`
  }
}

function callPartText(call: Json, { body }: Decision, level: Recording['level']): string {
  if (!isJsonObject(call)) return textOf(call)
  return level === 'input' ? callInputText(withoutSecrets(call), body) : callInputText(withoutContent(call))
}

/** The `call` part of the input. `body` is what the agent sent: where the part holds it, its own text is taken. */
function callInputText(call: JsonObject, body?: ParsedJson): string {
  let text = ''
  for (const key of Object.keys(call)) {
    const value = call[key]
    if (value === undefined) continue
    const printed =
      typeof value === 'string'
        ? quote(value)
        : typeof value === 'bigint'
          ? String(value)
          : value === body?.value
            ? receivedText(body)
            : textOf(value)
    text += `${text === '' ? '' : ','}${quote(key)}:${printed}`
  }
  return `{${text}}`
}

/** As it was received, which costs nothing, unless it has line breaks: those can only be white space between values. */
function receivedText({ value, text }: ParsedJson): string {
  return text.includes('\n') || text.includes('\r') ? textOf(value) : text
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
