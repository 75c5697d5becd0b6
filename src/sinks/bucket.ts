/**
 * Objects of an S3 bucket, none of which is ever replaced: each request carries its own signature (AWS Signature Version 4) and a
 * checksum of what it sends, and makes an object only where there is none of that name. The client of requests is handed in.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Clock, type FetchDocument, type ObjectStore, parseDuration } from '../model/index.ts'
import { clientTls, durationForm, form, secret, url, word } from '../settings/index.ts'
import type { ClientTls } from './sink.ts'

/** Bytes of an answer that are read. */
const answerBytesMax = 64 * 1024
/** Characters of what the server says that are told. */
const saidCharsMax = 300
const dayMs = 86_400_000

/** Where objects go, how they are kept there, and who puts them there. */
export const bucketSettings = z
  .strictObject({
    endpoint: url(['https', 'http'], {
      description: 'Address of the service: `https:`, or `http:` on loopback.',
      examples: ['https://s3.eu-central-1.amazonaws.com'],
    }),
    region: form(/^[a-z0-9-]{1,64}$/, 'a region such as `eu-central-1`')
      .default('us-east-1')
      .meta({ description: 'Region of the bucket; many services other than AWS take any.' }),
    bucket: form(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a name of a bucket').meta({
      description: 'The bucket; it must be there.',
      examples: ['audit'],
    }),
    address: z.enum(['path', 'host']).default('path').meta({
      description: 'Where the name of the bucket stands in addresses: first in the path, or before the host.',
    }),
    prefix: form(/^([A-Za-z0-9!_.*'()-]+\/)*$/, 'empty, or names that each end with `/`')
      .max(256)
      .default('')
      .meta({ description: 'What names of objects begin with.', examples: ['gatehouse/'] }),
    access_key_id: secret({ description: 'Id of the access key.', examples: ['file:s3-key-id'] }),
    secret_access_key: secret({ description: 'The secret of that key.', examples: ['file:s3-secret'] }),
    session_token: secret({ description: 'Token of a temporary key.', examples: ['file:s3-token'] }).optional(),
    encryption: z.enum(['AES256', 'aws:kms', 'aws:kms:dsse']).optional().meta({
      description: 'How the service encrypts objects; without it, as the bucket says.',
    }),
    kms_key: word('Id or ARN of the key of `aws:kms`; without it, the standard one of the account.').optional(),
    lock: z
      .strictObject({
        mode: z.enum(['governance', 'compliance']).meta({
          description: 'Who can lift the lock: users with a right to that, or nobody.',
        }),
        for: durationForm(
          { min: dayMs, max: 36_500 * dayMs },
          'How long an object can be neither deleted nor replaced.',
        ),
      })
      .optional()
      .meta({ description: 'Object lock of each object; the bucket must have been made with it.' }),
    storage_class: form(/^[A-Z0-9_]{1,64}$/, 'a storage class such as `STANDARD_IA`')
      .optional()
      .meta({
        description: 'Storage class; without it, that of the bucket.',
      }),
    tls: clientTls().optional().meta({ description: 'TLS towards the service, where that is not as everywhere.' }),
  })
  .refine(({ encryption, kms_key: kmsKey }) => kmsKey === undefined || encryption?.startsWith('aws:kms'), {
    path: ['kms_key'],
    error: 'a key of KMS without `encryption: aws:kms` is used for nothing',
    params: { fix: 'write `encryption: aws:kms`, or remove it' },
  })

/** Opens the bucket of settings that were read by `bucketSettings`. */
export function openStore(
  bucket: unknown,
  {
    makeFetch,
    ...ports
  }: Omit<BucketPorts, 'fetchDocument'> & { readonly makeFetch: (tls?: ClientTls) => FetchDocument },
): ObjectStore {
  // INVARIANT: a configuration holds the output of the schema.
  const options = bucket as BucketOptions
  return openBucket(options, { ...ports, fetchDocument: makeFetch(options.tls) })
}

type BucketOptions = z.output<typeof bucketSettings>

export interface BucketPorts {
  readonly fetchDocument: FetchDocument
  readonly clock: Clock
  /** Milliseconds for one answer. */
  readonly msMax: number
}

function openBucket(options: BucketOptions, { fetchDocument, clock, msMax }: BucketPorts): ObjectStore {
  const base = addressOf(options)
  const kept = keptAs(options, clock)

  async function send(method: 'PUT' | 'GET', name: string, more: Request = {}) {
    const { body = nothing, headers = {}, query = '', signal } = more
    const sha256 = createHash('sha256').update(body).digest()
    // Every command reads the schema above, and few sign anything.
    const { AwsV4Signer } = await import('aws4fetch')
    const signer = new AwsV4Signer({
      method,
      url: `${base}${encoded(name)}${query}`,
      headers: {
        ...headers,
        'x-amz-content-sha256': sha256.toString('hex'),
        ...(method === 'PUT' && { 'x-amz-checksum-sha256': sha256.toString('base64') }),
      },
      accessKeyId: options.access_key_id,
      secretAccessKey: options.secret_access_key,
      ...(options.session_token !== undefined && { sessionToken: options.session_token }),
      service: 's3',
      region: options.region,
      datetime: new Date(clock.nowMs()).toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
    })
    const signed = await signer.sign()
    return await fetchDocument({
      url: signed.url.href,
      method,
      ...(method === 'PUT' && { body }),
      headers: Object.fromEntries(signed.headers),
      bytesMax: answerBytesMax,
      msMax,
      ...(signal !== undefined && { signal }),
    })
  }

  async function isThere(name: string, signal: AbortSignal | undefined): Promise<boolean> {
    const { status } = await send('GET', name, { headers: { range: 'bytes=0-0' }, ...(signal && { signal }) })
    return status === 206
  }

  const failure = (name: string, status: number, bytes: Uint8Array): Error =>
    new Error(`\`${base}${name}\` answered ${status}${saidIn(bytes)}`)

  return {
    place: `${base}${options.prefix}`,
    async put(within, content, contentType, signal) {
      const name = options.prefix + within
      const headers = { ...kept(), 'content-type': contentType, 'if-none-match': '*' }
      const { status, bytes } = await send('PUT', name, { body: content, headers, ...(signal && { signal }) })
      if (status >= 200 && status <= 299) return 'made'
      if (status === 412) return 'there'
      // Of a locked object that is there some services say that it may not be written.
      if (status === 403 && (await isThere(name, signal))) return 'there'
      throw failure(name, status, bytes)
    },
    async get(within) {
      const name = options.prefix + within
      const { status, bytes } = await send('GET', name)
      if (status === 404) return undefined
      if (status !== 200) throw failure(name, status, bytes)
      return bytes
    },
    async first(folder) {
      const prefix = encodeURIComponent(options.prefix + folder)
      const { status, bytes } = await send('GET', '', { query: `?list-type=2&max-keys=1&prefix=${prefix}` })
      if (status !== 200) throw failure('', status, bytes)
      return /<Key>[^<]*\/([^</]*)<\/Key>/.exec(Buffer.from(bytes).toString('utf8'))?.[1]
    },
  }
}

interface Request {
  readonly body?: Uint8Array
  readonly headers?: { readonly [name: string]: string }
  readonly query?: string
  readonly signal?: AbortSignal
}

const nothing = new Uint8Array()

function addressOf({ endpoint, bucket, address }: BucketOptions): string {
  const at = new URL(endpoint)
  const path = at.pathname.replace(/\/+$/, '')
  return address === 'path' ? `${at.origin}${path}/${bucket}/` : `${at.protocol}//${bucket}.${at.host}${path}/`
}

/** Header fields that say how an object is kept. */
function keptAs(options: BucketOptions, clock: Clock): () => { readonly [name: string]: string } {
  const { encryption, kms_key: kmsKey, storage_class: storageClass, lock } = options
  const always = {
    ...(encryption !== undefined && { 'x-amz-server-side-encryption': encryption }),
    ...(kmsKey !== undefined && { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKey }),
    ...(storageClass !== undefined && { 'x-amz-storage-class': storageClass }),
  }
  if (lock === undefined) return () => always
  const lockMs = parseDuration(lock.for)
  if (lockMs === undefined) throw new TypeError(`\`${lock.for}\` is no length of time`)
  return () => ({
    ...always,
    'x-amz-object-lock-mode': lock.mode.toUpperCase(),
    'x-amz-object-lock-retain-until-date': new Date(clock.nowMs() + lockMs).toISOString(),
  })
}

/** As the signature's canonical form has it: everything but unreserved characters (RFC 3986 section 2.3) and `/`. */
function encoded(name: string): string {
  return encodeURIComponent(name)
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Code and message of an error of S3, which is XML; the rest of it is for the service's own people. */
function saidIn(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8')
  const said = ['Code', 'Message'].flatMap((name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? [])
  return said.length === 0 ? '' : `: ${said.join(': ').replaceAll(/\s+/g, ' ').slice(0, saidCharsMax)}`
}
