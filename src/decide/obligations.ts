/**
 * The obligations of an allow, checked field by field. One that is not known, or has a field that is not known, denies: a
 * condition that the gateway does not understand is a condition that it would break.
 */
import { isSettableHeader, type Json, type JsonObject, limits, type Obligation, type Upstream } from '../model/index.ts'
import { ContractError, elementsOf, fieldsOf, type Said } from './answer.ts'

const known: { readonly [type: string]: { readonly fields: readonly string[]; read(fields: JsonObject): Obligation } } =
  {
    mask_response: { fields: ['fields', 'with'], read: maskResponse },
    set_header: { fields: ['name', 'value', 'to'], read: setHeader },
    limit: { fields: ['response_bytes'], read: limit },
  }

/** RFC 9110 section 5.6.2 (token) and 5.5 (field value, without the bytes beyond ASCII). */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/
const headerValue = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$|^$/
const headerValueCharsMax = 4_096
/** RFC 6901 section 3. */
const pointer = /^(?:\/(?:[^~/]|~[01])*)+$/
const pointersMax = 256

/**
 * Throws `ContractError`: `obligation_unknown` for what is not known or cannot be done on the way to `upstream`, `policy_error` for
 * what is malformed.
 */
export function obligationsOf(said: Said, upstream: Upstream | undefined): readonly Obligation[] {
  if (said.obligations === undefined) return []
  const elements = elementsOf('obligations', said.obligations)
  if (elements.length > limits.obligationsMax)
    throw new ContractError(`\`obligations\` has more than ${limits.obligationsMax} elements`)
  const obligations = elements.map(readObligation)
  refuseHeaders(obligations, upstream)
  return obligations
}

/** Before the decision is recorded: an allow that cannot be carried out is none. */
function refuseHeaders(obligations: readonly Obligation[], upstream: Upstream | undefined): void {
  const values = new Map<string, string>()
  for (const obligation of obligations) {
    if (obligation.type !== 'set_header') continue
    const name = obligation.name.toLowerCase()
    if (!isSettableHeader(name, upstream?.credential?.header))
      throw new ContractError(`policy may not set the header \`${name}\``, 'obligation_unknown')
    // Sets have no order, so two different values would be a matter of chance.
    const place = `${obligation.to} ${name}`
    if ((values.get(place) ?? obligation.value) !== obligation.value)
      throw new ContractError(`two obligations set the header \`${name}\` to different values`, 'obligation_unknown')
    values.set(place, obligation.value)
  }
}

function readObligation(element: Json): Obligation {
  const { type, ...fields } = fieldsOf('obligations', element)
  if (typeof type !== 'string') throw new ContractError('an obligation has no `type`')
  const kind = Object.hasOwn(known, type) ? known[type] : undefined
  if (kind === undefined) throw new ContractError(`the obligation \`${type}\` is not known`, 'obligation_unknown')
  const unknown = Object.keys(fields).find((name) => !kind.fields.includes(name))
  if (unknown !== undefined)
    throw new ContractError(
      `the obligation \`${type}\` has the field \`${unknown}\`, which is not known`,
      'obligation_unknown',
    )
  return kind.read(fields)
}

function maskResponse({ fields, with: replacement }: JsonObject): Obligation {
  if (!Array.isArray(fields) || fields.length === 0 || fields.length > pointersMax)
    throw new ContractError(`\`fields\` of \`mask_response\` is not a list of 1 to ${pointersMax} JSON pointers`)
  const pointers = fields.map((field) => {
    if (typeof field === 'string' && pointer.test(field)) return field
    throw new ContractError('`fields` of `mask_response` holds something that is no JSON pointer')
  })
  if (replacement === undefined) return { type: 'mask_response', fields: pointers }
  if (typeof replacement !== 'string') throw new ContractError('`with` of `mask_response` is not text')
  return { type: 'mask_response', fields: pointers, with: replacement }
}

function setHeader({ name, value, to = 'upstream' }: JsonObject): Obligation {
  if (typeof name !== 'string' || !headerName.test(name))
    throw new ContractError('`name` of `set_header` is no name of a header')
  if (typeof value !== 'string' || value.length > headerValueCharsMax || !headerValue.test(value))
    throw new ContractError(`\`value\` of \`set_header\` for \`${name}\` is no value of a header`)
  if (to !== 'upstream' && to !== 'agent') throw new ContractError('`to` of `set_header` is not `upstream` or `agent`')
  return { type: 'set_header', name, value, to }
}

function limit({ response_bytes: bytes }: JsonObject): Obligation {
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0)
    throw new ContractError('`response_bytes` of `limit` is not a whole number of bytes')
  return { type: 'limit', response_bytes: bytes }
}
