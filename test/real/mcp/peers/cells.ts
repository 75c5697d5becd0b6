/**
 * What each client and each server are expected to agree on: a revision, or a refusal in the words of the specification. A pair that
 * is not in this table is an error, and so is one that comes out otherwise.
 */

/** The specification of 2026-07-28, page "Versioning and Compatibility", table "Compatibility Matrix". */
export const modernToLegacy = 'Modern | Legacy | Fails.'

export interface Refusal {
  readonly refused: string
}

export type Outcome = '2025-11-25' | '2026-07-28' | Refusal

const refused: Refusal = { refused: modernToLegacy }

/** Clients as `name mode`. */
const towardsLegacy: Readonly<Record<string, Outcome>> = {
  'sdk-v1 legacy': '2025-11-25',
  'sdk-v2 legacy': '2025-11-25',
  'sdk-v2 auto': '2025-11-25',
  'sdk-v2 2026-07-28': refused,
  'python legacy': '2025-11-25',
  'python auto': '2025-11-25',
  'python 2026-07-28': refused,
  'go-sdk 2025-11-25': '2025-11-25',
  'go-sdk auto': '2025-11-25',
  'inspector legacy': '2025-11-25',
  'inspector modern': refused,
  'gatehouse auto': '2025-11-25',
}

const towardsBoth: Readonly<Record<string, Outcome>> = {
  'sdk-v1 legacy': '2025-11-25',
  'sdk-v2 legacy': '2025-11-25',
  'sdk-v2 auto': '2026-07-28',
  'sdk-v2 2026-07-28': '2026-07-28',
  'python legacy': '2025-11-25',
  'python auto': '2026-07-28',
  'python 2026-07-28': '2026-07-28',
  'go-sdk 2025-11-25': '2025-11-25',
  'go-sdk auto': '2026-07-28',
  'inspector legacy': '2025-11-25',
  'inspector modern': '2026-07-28',
  'gatehouse auto': '2026-07-28',
}

export const cells: Readonly<Record<string, Readonly<Record<string, Outcome>>>> = {
  'sdk-v1': towardsLegacy,
  everything: towardsLegacy,
  'go-sdk': towardsLegacy,
  'sdk-v2': towardsBoth,
  fastmcp: towardsBoth,
  'go-sdk-stateless': towardsBoth,
}
