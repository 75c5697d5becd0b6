/** The proof of the log over the operators' port of a whole house, and two houses of which one is the witness of the other. */
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  isConsistent,
  isIncluded,
  leafHash,
  parseCheckpoint,
  parseVerifier,
  type SignedCheckpoint,
  signedBy,
} from '../../src/proof/index.ts'
import type { ConsistencyProof, InclusionProof } from '../../src/record/index.ts'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'

const token = 'operators-token-of-32-characters'
const bearer = { authorization: `Bearer ${token}` }
const listeners = { agents: { port: 0 }, operators: { port: 0, token: 'file:operators' } }

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0).reverse()) await world.close()
})

async function house(config: object = {}, options: WorldOptions = {}): Promise<World> {
  const made = await openWorld({
    ...options,
    files: { operators: token, ...options.files },
    config: { listeners, ...config },
  })
  open.push(made)
  return made
}

const ask = (world: World, path: string, init: RequestInit = { headers: bearer }) =>
  fetch(`${world.house.operatorsUrl}${path}`, init)

const hashes = (path: readonly string[]) => path.map((one) => Buffer.from(one, 'base64'))

function read(note: string): SignedCheckpoint {
  const checkpoint = parseCheckpoint(note)
  if (checkpoint === undefined) throw new Error(`no checkpoint: ${note}`)
  return checkpoint
}

/** The newest checkpoint, once it covers so many lines. */
async function checkpointOver(world: World, lines: number): Promise<SignedCheckpoint> {
  let found: SignedCheckpoint | undefined
  await expect
    .poll(
      async () => {
        found = read(await (await ask(world, '/audit/checkpoint')).text())
        return found.size
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThanOrEqual(lines)
  return found as SignedCheckpoint
}

describe("the operators' port", () => {
  it('gives checkpoint, key and tiles, from which anybody gets the root', async () => {
    const world = await house()
    await world.send()
    const { size, root, parsed } = await checkpointOver(world, 3)
    const key = parseVerifier(await (await ask(world, '/audit/key')).text())
    if (key === undefined) throw new Error('no key')
    expect(signedBy(parsed, key)).toEqual({ kind: 'signed' })
    const reply = await ask(world, `/audit/tile/0/000.p/${size}`)
    expect(reply.headers.get('content-type')).toBe('application/octet-stream')
    const tile = Buffer.from(await reply.arrayBuffer())
    expect(tile.length).toBe(32 * size)
    const log = readFileSync(join(world.folder, 'data/log/0000000001.jsonl'), 'utf8').split('\n')
    expect(tile.subarray(0, 32).equals(leafHash(Buffer.from(log[0] as string)))).toBe(true)
    let row = Array.from({ length: size }, (_, place) => tile.subarray(32 * place, 32 * place + 32))
    const sha = (one: Buffer, other: Buffer) =>
      createHash('sha256').update(Buffer.of(1)).update(one).update(other).digest()
    while (row.length > 1)
      row = row.flatMap((one, place) =>
        place % 2 === 1 ? [] : row[place + 1] === undefined ? [one] : [sha(one, row[place + 1] as Buffer)],
      )
    expect((row[0] as Buffer).equals(root)).toBe(true)
  })

  it('proves a call, and that the log only grew', async () => {
    const world = await house()
    const first = await world.send()
    const earlier = await checkpointOver(world, 3)
    await world.send()
    const later = await checkpointOver(world, earlier.size + 2)
    const reply = await ask(world, `/audit/proof?id=${first.headers['gatehouse-decision']}`)
    expect(reply.status).toBe(200)
    const { records, checkpoint } = (await reply.json()) as InclusionProof
    expect(records).toHaveLength(2)
    const { size, root } = read(checkpoint)
    for (const { line, text, path } of records)
      expect(isIncluded(leafHash(Buffer.from(text)), line, size, hashes(path), root)).toBe(true)
    const grown = (await (await ask(world, `/audit/consistency?from=${earlier.size}`)).json()) as ConsistencyProof
    expect(grown.earlier).toEqual({ size: earlier.size, root: earlier.root.toString('base64') })
    expect(isConsistent(earlier, read(grown.checkpoint), hashes(grown.path))).toBe(true)
    expect(read(grown.checkpoint).size).toBeGreaterThanOrEqual(later.size)
  })

  it.each([
    { path: '/audit/proof?id=x', status: 400, says: /`id` takes the id of a call/ },
    { path: '/audit/proof', status: 400, says: /`id` takes/ },
    { path: '/audit/proof?id=01a1fd63-0000-7000-8000-000000000000', status: 404, says: /the log has no call/ },
    { path: '/audit/proof?id=999999', status: 404, says: /no line `999999`/ },
    { path: '/audit/consistency?from=999999', status: 400, says: /`from` takes a number of lines, from 0 to/ },
    { path: '/audit/tile/0/001', status: 404, says: /nothing at this path/ },
    { path: '/audit/tile/0/..%2f..%2f..%2fkeys/decision-log.key', status: 404, says: /nothing at this path/ },
    { path: '/audit/witness/checkpoint?origin=x', status: 404, says: /nothing at this path/ },
  ])('says what is wrong with $path', async ({ path, status, says }) => {
    const world = await house()
    const reply = await ask(world, path)
    const problem = (await reply.json()) as { title: string; detail: string }
    expect({ status: reply.status, says: `${problem.title} ${problem.detail}` }).toEqual({
      status,
      says: expect.stringMatching(says),
    })
  })

  it('shows nothing of it to those without the token, and takes no checkpoints unless it is a witness', async () => {
    const world = await house()
    for (const path of [
      '/audit/checkpoint',
      '/audit/key',
      '/audit/proof?id=0',
      '/audit/consistency?from=0',
      '/audit/tile/0/000',
    ])
      expect((await ask(world, path, {})).status, path).toBe(401)
    expect(
      (await ask(world, '/audit/witness/add-checkpoint', { method: 'POST', body: 'x', headers: bearer })).status,
    ).toBe(405)
  })
})

describe('a gateway as the witness of another', () => {
  it('signs what the other one logs, and keeps it', { timeout: 30_000 }, async () => {
    const watched = await house()
    const key = parseVerifier(await (await ask(watched, '/audit/key')).text())
    if (key === undefined) throw new Error('no key')
    const keyFile = join(watched.folder, 'data/keys/decision-log.key')
    const secret = readFileSync(keyFile, 'utf8')
    const witness = await house({ audit: { witness: { name: 'witness.example/1', logs: [key.text] } } })
    const witnessKey = parseVerifier(await (await ask(witness, '/audit/witness/key')).text())
    if (witnessKey === undefined) throw new Error('no key of the witness')
    const anchors = [
      {
        id: 'peer',
        witness: `${witness.house.operatorsUrl}/audit/witness`,
        key: witnessKey.text,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration, not of JavaScript.
        credential: { value: 'Bearer ${file:operators}' },
        every: '1s',
      },
      { id: 'disk', file: 'elsewhere/log.checkpoint', every: '1s' },
    ]
    // The same log key, so that the witness knows the log that it is asked about.
    const world = await house(
      { audit: { anchors, key: 'key' } },
      {
        files: { 'key.new': secret },
        patch(config) {
          chmodSync(`${config.audit.keyFile}.new`, 0o600)
          return config
        },
      },
    )
    await world.send()
    const cosigned = join(world.folder, 'data/log/checkpoints/cosigned/peer')
    await expect
      .poll(() => existsSync(cosigned) && read(readFileSync(cosigned, 'utf8')).size, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(3)
    const note = read(readFileSync(cosigned, 'utf8'))
    expect(signedBy(note.parsed, key).kind).toBe('signed')
    expect(signedBy(note.parsed, witnessKey).kind).toBe('signed')
    expect(existsSync(join(world.folder, 'elsewhere/log.checkpoint'))).toBe(true)
    const kept = await (await ask(witness, `/audit/witness/checkpoint?origin=${encodeURIComponent(key.name)}`)).text()
    expect(read(kept).size).toBeGreaterThanOrEqual(note.size)
    const metrics = await (await ask(world, '/metrics')).text()
    expect(metrics).toMatch(/^gatehouse_log_anchor_failures_total 0$/m)
    expect(metrics).toMatch(/^gatehouse_log_checkpoint_lines \d+$/m)
    const long = await ask(witness, '/audit/witness/add-checkpoint', {
      method: 'POST',
      body: 'x'.repeat(300_000),
      headers: bearer,
    })
    expect(long.status).toBe(400)
    const open = await ask(witness, '/audit/witness/add-checkpoint', { method: 'POST', body: 'x' })
    expect(open.status).toBe(401)
  })
})
