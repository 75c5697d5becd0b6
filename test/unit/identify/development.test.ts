/** The issuer of development mode: one key for good, kept to its owner, tokens that the real identifier takes. */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { makeIdentifier, openDevelopmentIssuer } from '../../../src/identify/index.ts'
import { parseJson } from '../../../src/wire/index.ts'
import { fakeClock } from '../../support/clock.ts'
import { callWith, quiet } from './world.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-issuer-'))
  folders.push(folder)
  return join(folder, 'keys')
}

const open = (directory: string, clock = fakeClock()) => openDevelopmentIssuer({ directory, clock, randomBytes })

describe('the development issuer', () => {
  it('signs tokens that its own settings accept', async () => {
    const clock = fakeClock()
    const issuer = await open(openFolder(), clock)
    const agents = [
      {
        facts: { id: 'buyer', status: 'active' as const },
        identity: { issuer: issuer.settings.issuer, claim: 'client_id', value: 'buyer' },
      },
    ]
    const fetchDocument = () => Promise.reject(new Error('no network'))
    const { identify } = makeIdentifier(
      { issuers: [issuer.settings], agents },
      { clock, log: quiet, fetchDocument, parseJson, keysChanged: () => {} },
    )
    const token = await issuer.sign({ subject: 'buyer', scopes: ['erp.write'], lifetimeS: 60, actors: ['a', 'b'] })
    const principal = await identify(callWith(`Bearer ${token}`, clock.nowMs(), 0))
    expect(principal).toMatchObject({
      authenticated: true,
      agent: { id: 'buyer' },
      identity: {
        subject: { id: 'buyer' },
        client_id: 'buyer',
        scopes: ['erp.write'],
        actors: [{ id: 'a' }, { id: 'b' }],
      },
    })
    await expect(async () => identify(callWith(`Bearer ${token}`, clock.nowMs() + 60_000, 0))).rejects.toMatchObject({
      code: 'token_expired',
    })
  })

  it('keeps its key to its owner and publishes the public half only', async () => {
    const directory = openFolder()
    const issuer = await open(directory)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(readdirSync(directory).sort()).toEqual(['development-issuer.json', 'development-issuer.jwks.json'])
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
    const published = readFileSync(join(directory, 'development-issuer.jwks.json'), 'utf8')
    expect(JSON.parse(published)).toEqual(issuer.jwks())
    expect(Object.keys(issuer.jwks().keys[0] ?? {})).not.toContain('d')
  })

  it('has the same key after a restart', async () => {
    const directory = openFolder()
    expect((await open(directory)).jwks()).toEqual((await open(directory)).jwks())
  })

  it('has one key when two processes start at once', async () => {
    const directory = openFolder()
    const [one, other] = await Promise.all([open(directory), open(directory)])
    expect(one.jwks()).toEqual(other.jwks())
    expect(readdirSync(directory)).toHaveLength(2)
  })

  it('writes the public half again when it is not that of the key', async () => {
    const directory = openFolder()
    const issuer = await open(directory)
    writeFileSync(join(directory, 'development-issuer.jwks.json'), '{"keys":[]}')
    expect((await open(directory)).jwks()).toEqual(issuer.jwks())
    expect(JSON.parse(readFileSync(join(directory, 'development-issuer.jwks.json'), 'utf8'))).toEqual(issuer.jwks())
  })

  it.each(['', '{', '{}', '{"kty":"oct","k":"AAAA","kid":"x","d":"x"}'])(
    'names a file that holds no key: `%s`',
    async (text) => {
      const directory = openFolder()
      await open(directory)
      writeFileSync(join(directory, 'development-issuer.json'), text)
      await expect(open(directory)).rejects.toThrow(/development-issuer\.json.*remove it and start again/)
    },
  )

  it.each([0, -1, 1.5, Number.NaN, 7 * 86_400 + 1])('refuses a lifetime of %s seconds', async (lifetimeS) => {
    const issuer = await open(openFolder())
    await expect(issuer.sign({ subject: 'buyer', lifetimeS })).rejects.toThrow(/lifetime/)
  })
})
