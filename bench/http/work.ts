/**
 * The reference work: 50 tokens, bodies, keys and policy data in a folder. Made by `../shared/bench/gen.mjs` where that is
 * there, so that the numbers can stand beside those of other contenders; else made here in the same shape.
 */
import { execFileSync } from 'node:child_process'
import { createSign, generateKeyPairSync } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../machine.ts'

/** What the tokens say about their issuer. */
export const issuer = 'https://idp.example.test'
export const audience = 'gatehouse'
export const agentsCount = 50

/** Where the reference work and its rivals stand, beside the checkout; not part of it. */
export const sharedFolder = join(root, '../shared/bench')

export interface Work {
  readonly folder: string
  /** One token a line. */
  readonly tokensFile: string
  readonly keysFile: string
  readonly dataFile: string
  /** Files of the bodies, by their size in bytes as the table names them. */
  readonly bodies: ReadonlyMap<number, string>
  readonly source: 'shared' | 'own'
}

export const bodySizes = { small: 300, medium: 16_000, large: 1_000_000 } as const

/** Writes everything below `folder`, by the reference generator when it is there. */
export function makeWork(folder: string, generator = join(sharedFolder, 'gen.mjs')): Work {
  mkdirSync(folder, { recursive: true })
  const source = existsSync(generator) ? 'shared' : 'own'
  if (source === 'shared')
    execFileSync(process.execPath, [generator], {
      env: { ...process.env, OUT: folder },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  else makeOwn(join(folder, 'http'))

  const at = (name: string): string => join(folder, 'http', name)
  const medium = JSON.parse(readFileSync(at('body-16k.json'), 'utf8'))
  writeFileSync(at('body-1m.json'), padded(medium, bodySizes.large))
  // The loader reads files called data.json only.
  mkdirSync(join(folder, 'policy'), { recursive: true })
  copyFileSync(at('data.json'), join(folder, 'policy', 'data.json'))
  return {
    folder: join(folder, 'http'),
    tokensFile: at('tokens.txt'),
    keysFile: at('jwks.json'),
    dataFile: join(folder, 'policy', 'data.json'),
    bodies: new Map([
      [bodySizes.small, at('body-300.json')],
      [bodySizes.medium, at('body-16k.json')],
      [bodySizes.large, at('body-1m.json')],
    ]),
    source,
  }
}

/** The order with notes that make it `bytes` long; unchanged when it is longer. */
function padded(order: object, bytes: number): string {
  const base = JSON.stringify({ ...order, notes: '' }).length
  return JSON.stringify({ ...order, notes: 'x'.repeat(Math.max(0, bytes - base)) })
}

function makeOwn(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, value: unknown): void =>
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value))

  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }]
  write('jwks.json', { keys })

  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const nowS = Math.floor(Date.now() / 1000)
  const tokens = Array.from({ length: agentsCount }, (_, index) => {
    const claims = {
      iss: issuer,
      aud: audience,
      sub: `agent-${index}`,
      client_id: `client-${index}`,
      iat: nowS - 60,
      nbf: nowS - 60,
      exp: nowS + 86_400,
      jti: `token-${index}`,
      tenant: `tenant-${index % 5}`,
      tier: index % 2 === 0 ? 'gold' : 'silver',
      roles: ['buyer', `team-${index % 10}`],
      scope: 'erp.read erp.write',
      act: { sub: `user-${index}@example.test` },
    }
    const signed = `${encode({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${encode(claims)}`
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`
  })
  write('tokens.txt', `${tokens.join('\n')}\n`)

  const order = (lines: number): object => ({
    vendor_id: 'v-017',
    currency: 'EUR',
    amount: 1250.5,
    cost_center: 'cc-42',
    requested_by: 'user-7@example.test',
    lines: Array.from({ length: lines }, (_, index) => ({
      sku: `SKU-${1000 + index}`,
      qty: 1 + (index % 5),
      unit_price: 10.25,
      text: 'Spare part',
    })),
  })
  write('body-300.json', padded(order(2), bodySizes.small))
  write('body-16k.json', padded(order(60), bodySizes.medium))
  write('data.json', {
    roles: { buyer: ['erp:purchase-orders:read', 'erp:purchase-orders:create'], auditor: ['erp:purchase-orders:read'] },
    limits: { gold: 50_000, silver: 5_000 },
    vendors: Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`v-${String(index).padStart(3, '0')}`, true]),
    ),
  })
}
