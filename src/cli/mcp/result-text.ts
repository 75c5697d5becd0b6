/** Results of tools for a person: structured content and texts as they are, everything else told of; and what a tool asks for before it does anything. */
import { canonicalText, isJsonObject, type Json, type JsonObject, visible, visibleJson } from '../../model/index.ts'
import { JsonError, parseJson, printJson } from '../../wire/index.ts'
import { argumentsOf } from './schema.ts'
import { documentText } from './tools-saved.ts'

/**
 * Ends with a line end; empty where the result says nothing. `isTerminal`: what a terminal could act on is escaped; a pipe gets every
 * text as it is.
 */
export function resultText({ content, structuredContent }: JsonObject, isTerminal: boolean): string {
  const parts = Array.isArray(content) ? content : []
  const texts = parts.filter((part) => !repeats(part, structuredContent)).map((part) => partText(part, isTerminal))
  const structured = structuredContent === undefined ? [] : [jsonText(structuredContent, isTerminal)]
  return [...structured, ...texts].join('')
}

/** Tools give structured content a second time as text, for clients that know no other (2026-07-28 "Structured Content"). */
function repeats(part: Json, structured: Json | undefined): boolean {
  if (structured === undefined || !isJsonObject(part) || part.type !== 'text' || typeof part.text !== 'string')
    return false
  try {
    return canonicalText(parseJson(Buffer.from(part.text))) === canonicalText(structured)
  } catch (cause) {
    if (cause instanceof JsonError) return false
    throw cause
  }
}

function partText(part: Json, isTerminal: boolean): string {
  if (!isJsonObject(part)) return jsonText(part, isTerminal)
  const { type, text, data, mimeType, uri, resource } = part
  if (type === 'text' && typeof text === 'string') return linesOf(text, isTerminal)
  if ((type === 'image' || type === 'audio') && typeof data === 'string')
    return `[${type}, ${shown(mimeType)}, ${Buffer.byteLength(data, 'base64')} bytes; \`--format json\` has it]\n`
  if (type === 'resource_link') return `[resource ${shown(uri)}]\n`
  if (type === 'resource' && isJsonObject(resource)) {
    const head = `[resource ${shown(resource.uri)}, ${shown(resource.mimeType)}]\n`
    return typeof resource.text === 'string' ? `${head}${linesOf(resource.text, isTerminal)}` : head
  }
  return jsonText(part, isTerminal)
}

function linesOf(text: string, isTerminal: boolean): string {
  const whole = text.endsWith('\n') ? text : `${text}\n`
  return isTerminal ? whole.split('\n').map(visible).join('\n') : whole
}

function jsonText(value: Json, isTerminal: boolean): string {
  const text = documentText(value)
  return isTerminal ? text.split('\n').map(visibleJson).join('\n') : text
}

function shown(value: Json | undefined): string {
  return typeof value === 'string' ? visible(value.slice(0, 500)) : 'of no type'
}

/** What a tool asks for (`inputRequests` of a result or of a task), a paragraph each: lines that begin with two spaces. */
export function askedText(inputRequests: Json | undefined): string {
  if (!isJsonObject(inputRequests)) return '  it does not say what\n'
  return Object.entries(inputRequests)
    .map(([key, one]) => `  ${visible(key)}: ${requestText(isJsonObject(one) ? one : {})}`)
    .join('')
}

function requestText({ method, params }: JsonObject): string {
  const { message, url, requestedSchema } = isJsonObject(params) ? params : {}
  const lines = [`${shown(method)}\n`]
  if (typeof message === 'string') lines.push(`    ${visible(message)}\n`)
  if (typeof url === 'string') lines.push(`    at ${visible(url)}\n`)
  for (const { path, type, isRequired, bounds, description } of argumentsOf(requestedSchema)) {
    const more = [bounds, description].filter((text) => text !== '').join('. ')
    const words = [path, type, isRequired ? 'required' : 'optional', more].filter((text) => text !== '')
    lines.push(`    ${visible(words.join('  '))}\n`)
  }
  return lines.join('')
}

/** What a server tells while it works, as one line; empty for what is about nothing that a person waits for. */
export function notificationText(method: string, params: JsonObject): string {
  if (method === 'notifications/progress') {
    const { progress, total, message } = params
    const count = `${printJson(progress ?? null)}${total === undefined ? '' : ` of ${printJson(total)}`}`
    return `${visible(`progress ${count}${typeof message === 'string' ? `: ${message}` : ''}`)}\n`
  }
  if (method === 'notifications/message') {
    const { level, logger, data } = params
    const from = typeof logger === 'string' ? ` ${logger}` : ''
    return `${visible(`${typeof level === 'string' ? level : 'info'}${from}: ${typeof data === 'string' ? data : printJson(data ?? null)}`)}\n`
  }
  return method.startsWith('notifications/')
    ? ''
    : `${visible(`the server asked for \`${method}\`, which this client cannot answer`)}\n`
}
