/**
 * Which era and revision a message is of (2026-07-28, "Versioning" and "Streamable HTTP"): told by its header and its `_meta`, which
 * must not contradict each other.
 */
import { Fault, legacyRevisions, type McpEra, modernRevisions } from '../../model/index.ts'
import { rpcFault } from '../../wire/index.ts'

export interface EraSigns {
  /** `MCP-Protocol-Version`. */
  readonly header: string | undefined
  /** `params._meta["io.modelcontextprotocol/protocolVersion"]`: undefined where it is absent, null where it is no text. */
  readonly meta: string | null | undefined
}

export interface EraFound {
  readonly era: McpEra
  /** Undefined for a legacy message without a header: then its session says it. */
  readonly revision: string | undefined
}

/** What a client may ask for instead. */
const supportedRevisions: readonly string[] = [...modernRevisions, ...legacyRevisions]

const isModern = (revision: string): boolean => (modernRevisions as readonly string[]).includes(revision)
const isLegacy = (revision: string): boolean => (legacyRevisions as readonly string[]).includes(revision)

/** Faults: `rpc_header_mismatch`, `revision_unsupported`. */
export function eraOf({ header, meta }: EraSigns): EraFound {
  if (meta === undefined) {
    if (header === undefined) return { era: 'legacy', revision: undefined }
    if (isModern(header)) return { era: 'modern', revision: header }
    if (isLegacy(header)) return { era: 'legacy', revision: header }
    throw unsupported(header)
  }
  if (meta === null)
    throw rpcFault(
      'rpc_header_mismatch',
      'the protocol version in `params._meta` is no text, and the header cannot be it',
    )
  if (header === undefined)
    throw rpcFault(
      'rpc_header_mismatch',
      `there is no \`MCP-Protocol-Version\`, and \`params._meta\` says \`${meta.slice(0, 40)}\``,
    )
  if (header !== meta)
    throw rpcFault(
      'rpc_header_mismatch',
      `\`MCP-Protocol-Version\` is \`${header.slice(0, 40)}\`, and \`params._meta\` says \`${meta.slice(0, 40)}\``,
    )
  // Named are those that say their revision as this message does; who speaks to one of the others opens a session.
  if (!isModern(meta)) throw unsupported(meta, modernRevisions)
  return { era: 'modern', revision: meta }
}

/** `supported`: what there is on the way that was asked for. */
export function unsupported(requested: string, supported: readonly string[] = supportedRevisions): Fault {
  const detail = `the protocol version \`${requested.slice(0, 40)}\` is not supported here`
  return new Fault('revision_unsupported', detail, {
    publicDetail: detail,
    revisions: { requested: requested.slice(0, 40), supported },
    rpc: {},
  })
}
