/**
 * What vouches for the decision log, for monitors and for other gateways: the newest checkpoint and the tiles as C2SP tlog-tiles serves
 * them, proofs, and the place where a witness takes checkpoints. Checkpoints and tiles are hashes; a proof holds a record.
 */
import type { Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'

/** Bytes of a request to a witness: a checkpoint and at most 63 hashes. */
const submissionBytesMax = 256 * 1024
/** Seconds that others may keep a full tile: it never changes. */
const tileAgeS = 31_536_000

export const submissionPath = '/audit/witness/add-checkpoint'

export interface AuditShows {
  /** The newest signed note that is on disk. */
  checkpoint(): string
  /** The public key as one line. */
  key(): string
  /** `path` as C2SP tlog-tiles has it, from `tile/` on; undefined when there is no such tile. */
  tile(path: string): Promise<{ readonly bytes: Uint8Array; readonly isFull: boolean } | undefined>
  /** Of the records of a call, or of the line with that number. */
  prove(id: string): Promise<Proved>
  /** That the newest checkpoint begins with the first `size` lines. */
  consistency(size: string): Promise<Proved>
  /** Undefined when this gateway is no witness. */
  readonly witness:
    | {
        add(body: string): Promise<{ readonly status: number; readonly type: string; readonly body: string }>
        newest(origin: string): Promise<string | undefined>
        key(): string
      }
    | undefined
}

export type Proved =
  | { readonly proof: object }
  | { readonly refusal: 'question' | 'unknown' | 'unproven'; readonly says: string }

export interface Gate {
  /** Refuses whoever may not read hashes; undefined when they may. */
  readonly forHashes: (c: Context) => Response | undefined
  /** The same for records. */
  readonly forRecords: (c: Context) => Response | undefined
  readonly refused: (code: 'question_refused' | 'path_unknown' | 'unproven', says?: string) => Response
}

const text = { 'content-type': 'text/plain; charset=utf-8' }

// biome-ignore lint/suspicious/noExplicitAny: the bindings of the app are the caller's
export function addAuditRoutes(app: Hono<any>, shows: AuditShows, { forHashes, forRecords, refused }: Gate): void {
  app.get('/audit/checkpoint', (c) => forHashes(c) ?? c.body(shows.checkpoint(), 200, text))
  app.get('/audit/key', (c) => forHashes(c) ?? c.body(`${shows.key()}\n`, 200, text))

  app.get('/audit/tile/*', async (c) => {
    const refusal = forHashes(c)
    if (refusal !== undefined) return refusal
    const tile = await shows.tile(c.req.path.slice('/audit/'.length))
    if (tile === undefined) return refused('path_unknown')
    return c.body(Uint8Array.from(tile.bytes), 200, {
      'content-type': 'application/octet-stream',
      'cache-control': tile.isFull ? `private, max-age=${tileAgeS}, immutable` : 'no-store',
    })
  })

  const answer = (proved: Proved): Response => {
    if ('proof' in proved)
      return new Response(`${JSON.stringify(proved.proof)}\n`, { headers: { 'content-type': 'application/json' } })
    const { refusal, says } = proved
    if (refusal === 'unproven') return refused('unproven', says)
    return refused(refusal === 'question' ? 'question_refused' : 'path_unknown', says)
  }
  app.get('/audit/proof', async (c) => forRecords(c) ?? answer(await shows.prove(c.req.query('id') ?? '')))
  app.get('/audit/consistency', async (c) => forHashes(c) ?? answer(await shows.consistency(c.req.query('from') ?? '')))

  const { witness } = shows
  if (witness === undefined) return
  app.get('/audit/witness/key', (c) => forHashes(c) ?? c.body(`${witness.key()}\n`, 200, text))
  app.get('/audit/witness/checkpoint', async (c) => {
    const refusal = forHashes(c)
    if (refusal !== undefined) return refusal
    const newest = await witness.newest(c.req.query('origin') ?? '')
    return newest === undefined
      ? refused('path_unknown', 'no checkpoint of this `origin` was seen')
      : c.body(newest, 200, text)
  })
  const limit = bodyLimit({
    maxSize: submissionBytesMax,
    onError: () => refused('question_refused', 'the body is too long'),
  })
  app.post(submissionPath, limit, async (c) => {
    const refusal = forHashes(c)
    if (refusal !== undefined) return refusal
    const { status, type, body } = await witness.add(await c.req.text())
    return new Response(body, { status, headers: { 'content-type': type } })
  })
}
