/**
 * What a decision that allows asks of the way out and back, worked out once before anything is sent: what cannot be done
 * denies the call while nothing has happened yet.
 */
import { Fault, isSettableHeader, type Obligation, type Upstream } from '../model/index.ts'
import { isFieldName, isFieldValue } from '../wire/index.ts'
import type { HeaderWishes } from './call-headers.ts'
import { type Mask, makeMask, maskedText } from './mask.ts'

export interface Plan extends HeaderWishes {
  /** Lower-case names to values that the reply to the agent gets. */
  readonly reply: ReadonlyMap<string, string>
  /** Fields of the reply's JSON to be masked; undefined when none are. */
  readonly mask: Mask | undefined
  /** Bytes of the reply beyond which it is refused, by obligation; undefined when only the upstream's bound counts. */
  readonly replyBytesMax: number | undefined
  /** Types of the obligations, for the outcome record. */
  readonly types: readonly string[]
}

const none: ReadonlyMap<string, string> = new Map()
const noPlan: Plan = {
  upstream: none,
  identity: false,
  reply: none,
  mask: undefined,
  replyBytesMax: undefined,
  types: [],
}

/** Faults with `obligation_unknown` when one of them cannot be carried out. */
export function planObligations(obligations: readonly Obligation[], upstream: Upstream | undefined): Plan {
  if (obligations.length === 0) return noPlan
  const up = new Map<string, string>()
  const reply = new Map<string, string>()
  const masked: { pointer: string; text: string }[] = []
  let replyBytesMax: number | undefined
  for (const obligation of obligations) {
    if (obligation.type === 'set_header') {
      const name = obligation.name.toLowerCase()
      refuseHeader(name, obligation.value, upstream)
      const headers = obligation.to === 'agent' ? reply : up
      // Sets have no order, so two different values would be a matter of chance.
      const before = headers.get(name)
      if (before !== undefined && before !== obligation.value)
        throw new Fault('obligation_unknown', `two obligations set the header \`${name}\` to different values`)
      headers.set(name, obligation.value)
    } else if (obligation.type === 'limit') {
      replyBytesMax = Math.min(replyBytesMax ?? obligation.response_bytes, obligation.response_bytes)
    } else if (obligation.type === 'mask_response') {
      for (const pointer of obligation.fields) masked.push({ pointer, text: obligation.with ?? maskedText })
    } else {
      throw new Fault(
        'obligation_unknown',
        `the obligation \`${String((obligation as { readonly type: unknown }).type)}\` is not known here`,
      )
    }
  }
  const types = [...new Set(obligations.map(({ type }) => type))]
  const mask = masked.length === 0 ? undefined : makeMask(masked)
  if (masked.length > 0 && mask === undefined)
    throw new Fault(
      'obligation_unknown',
      `one of ${masked.map(({ pointer }) => `\`${pointer}\``).join(', ')} is not a JSON pointer`,
    )
  return { upstream: up, identity: mask !== undefined, reply, mask, replyBytesMax, types }
}

function refuseHeader(name: string, value: string, upstream: Upstream | undefined): void {
  if (!isFieldName(name) || !isSettableHeader(name, upstream?.credential?.header))
    throw new Fault('obligation_unknown', `policy may not set the header \`${name}\``)
  if (!isFieldValue(value))
    throw new Fault('obligation_unknown', `the value that policy sets for \`${name}\` is not a field value`)
}
