/** The flat arguments of an operation, read from an HTTP call: path, query and body, each checked, none speaking for another. */
import { type Call, Fault, isJsonMediaType, isJsonObject, type Json, type Operation } from '../model/index.ts'
import type { Body, BodyFields } from './body.ts'
import { type ReadableParameter, readParameters } from './parameters.ts'
import { type Check, shownField } from './validate.ts'

/** The argument of a body that is no object. */
export const wholeBody = 'body'

export interface ReaderParts {
  readonly name: string
  readonly body: Body
  readonly bodyCheck: Check | undefined
  readonly fields: readonly { readonly source: string; readonly argument: string }[]
  readonly compiled: readonly ReadableParameter[]
  /** Segment at which the template begins. */
  readonly from: number
}

export function makeReader(parts: ReaderParts): Operation['argumentsOf'] {
  const path = parts.compiled.filter(({ parameter }) => parameter.place === 'path')
  const query = new Map(
    parts.compiled.filter(({ parameter }) => parameter.place === 'query').map((one) => [one.parameter.name, one]),
  )
  const taken = new Set(path.concat([...query.values()]).map(({ argument }) => argument))
  const renamed = new Map(
    parts.fields
      .filter(({ source }) => source.startsWith('body.'))
      .map(({ source, argument }) => [source.slice('body.'.length), argument]),
  )
  const sameNames = [...renamed].every(([field, argument]) => field === argument)
  return function argumentsOf(call, value) {
    checkBody(parts, call, value)
    const whole = parts.body.kind === 'json' && parts.body.fields.fields === undefined
    const object = !whole && isJsonObject(value) ? value : undefined
    // A body whose fields are all the arguments there are is given on as it is.
    if (object !== undefined && taken.size === 0 && sameNames && call.queryPairs.length === 0) return object
    const found = new Map<string, Json>()
    readParameters(call, parts.from, path, query, found)
    if (whole && value !== undefined) found.set(wholeBody, value)
    if (object === undefined) return Object.fromEntries(found)
    for (const field of Object.keys(object)) {
      const argument = renamed.get(field) ?? field
      if (found.has(argument)) throw unknownField(field)
      found.set(argument, object[field] as Json)
    }
    return Object.fromEntries(found)
  }
}

/** Faults: `body_media_type`, `argument_missing`, `argument_unknown`, `argument_invalid`. */
function checkBody({ body, bodyCheck, name }: ReaderParts, call: Call, value: Json | undefined): void {
  const { lengthBytes, mediaType } = call.body
  const isThere = lengthBytes !== 0
  if (body.kind === 'json') {
    if (value !== undefined) bodyCheck?.(value, body.fields.fields === undefined ? wholeBody : '')
    else if (body.fields.required) throw missingBody(name, body.fields)
    return
  }
  if (body.kind === 'none') {
    if (!isThere) return
    const said = 'this operation takes no body'
    throw new Fault('argument_unknown', said, { publicDetail: said })
  }
  if (!isThere && body.required) throw missingBody(name, undefined)
  if (isThere && !body.mediaTypes.some((one) => takesMediaType(one, mediaType)))
    throw new Fault(
      'body_media_type',
      `\`Content-Type\` is \`${shownField(mediaType ?? '')}\`, not ${body.mediaTypes.join(', ')}`,
      { publicDetail: `this operation takes ${body.mediaTypes.join(', ')}` },
    )
}

/** OpenAPI 3.1 section 4.8.14.1: a media type or a range such as `image/*`. */
function takesMediaType(range: string, mediaType: string | undefined): boolean {
  if (mediaType === undefined) return false
  if (range === '*/*' || range === mediaType) return true
  return range.endsWith('/*') && mediaType.startsWith(range.slice(0, -1)) && !isJsonMediaType(mediaType)
}

function missingBody(name: string, fields: BodyFields | undefined): Fault {
  const first = fields === undefined ? undefined : [...fields.requiredFields][0]
  const said = first === undefined ? 'the body is missing' : `\`${first}\` is missing: the call has no body`
  return new Fault('argument_missing', `\`${name}\`: ${said}`, { publicDetail: said })
}

function unknownField(field: string): Fault {
  const said = `\`${shownField(field)}\` is not part of this operation`
  return new Fault('argument_unknown', said, { publicDetail: said })
}
