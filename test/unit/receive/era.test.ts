/** Which era a message is of: what its header and its `_meta` say together, for every pair of them. */
import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/model/index.ts'
import { eraOf } from '../../../src/receive/mcp/era.ts'

const modern = '2026-07-28'
const legacy = '2025-11-25'

const rows: readonly (readonly [header: string | undefined, meta: string | null | undefined, wanted: string])[] = [
  [undefined, undefined, 'legacy'],
  [legacy, undefined, `legacy ${legacy}`],
  ['2025-03-26', undefined, 'legacy 2025-03-26'],
  [modern, undefined, `modern ${modern}`],
  [modern, modern, `modern ${modern}`],
  // A header that others route by must not say what the message does not.
  [undefined, modern, 'rpc_header_mismatch'],
  [legacy, modern, 'rpc_header_mismatch'],
  [modern, legacy, 'rpc_header_mismatch'],
  [` ${modern}`, modern, 'rpc_header_mismatch'],
  [modern, null, 'rpc_header_mismatch'],
  [undefined, null, 'rpc_header_mismatch'],
  // Revisions that are not spoken, and one that has no such `_meta`.
  ['2024-11-05', undefined, 'revision_unsupported'],
  ['1900-01-01', '1900-01-01', 'revision_unsupported'],
  [legacy, legacy, 'revision_unsupported'],
  ['', undefined, 'revision_unsupported'],
  ['', '', 'revision_unsupported'],
]

describe('the era', () => {
  it.each(rows)('of header `%s` and `_meta` `%s` is %s', (header, meta, wanted) => {
    const found = (): string => {
      try {
        const { era, revision } = eraOf({ header, meta })
        return revision === undefined ? era : `${era} ${revision}`
      } catch (cause) {
        if (cause instanceof Fault) return cause.code
        throw cause
      }
    }
    expect(found()).toBe(wanted)
  })
})
