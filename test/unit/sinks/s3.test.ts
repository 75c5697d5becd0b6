/**
 * What the S3 sink asks of a service and what it makes of the answers. That a real service takes its signatures is shown by the suite of
 * all sinks.
 */
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Clock, FetchDocument, ObjectStore } from '../../../src/model/index.ts'
import { bucketSettings, openStore } from '../../../src/sinks/bucket.ts'
import { s3 } from '../../../src/sinks/s3.ts'
import type { SinkPorts } from '../../../src/sinks/sink.ts'
import { refusedUse, refusingPorts } from '../../support/sink-ports.ts'
import { nativeItem, sender, wholeRecords } from '../../support/sink-records.ts'

const now = Date.UTC(2026, 2, 2, 11, 0, 0)

interface Answer {
  readonly status: number
  readonly text?: string
}
type Asked = Parameters<FetchDocument>[0]

const least = {
  endpoint: 'https://s3.example.com',
  bucket: 'audit',
  access_key_id: 'key-id',
  secret_access_key: 'key-secret',
}

/** Gives the answers in their order, then success. */
function service(answers: readonly Answer[]) {
  const asked: Asked[] = []
  const fetchDocument: FetchDocument = async (request) => {
    const answer = answers[asked.length] ?? { status: 200 }
    asked.push(request)
    return { status: answer.status, headers: new Map(), bytes: Buffer.from(answer.text ?? '') }
  }
  return { asked, fetchDocument }
}

const clock: Clock = { nowMs: () => now, monotonicMs: refusedUse, after: refusedUse, every: refusedUse }

function bucket(...answers: readonly Answer[]) {
  const { asked, fetchDocument } = service(answers)
  const settings = bucketSettings.parse({ ...least, prefix: 'gatehouse/' })
  return { store: openStore(settings, { clock, msMax: 10_000, makeFetch: () => fetchDocument }), asked }
}

async function world(settings: object, ...answers: readonly Answer[]) {
  const { asked, fetchDocument } = service(answers)
  const ports: SinkPorts = { ...refusingPorts('s3', sender), clock, makeFetch: () => fetchDocument }
  const sink = await s3.open(s3.settings.parse({ ...least, ...settings }), ports)
  return { sink, asked }
}

const denied = { status: 403, text: '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>' }

const items = wholeRecords.map(nativeItem)
const signal = new AbortController().signal
const name = /^gatehouse\.example\.com\/log\/2026\/03\/02\/0000000000041001-0000000000041005-[0-9a-f]{16}\.jsonl\.gz$/

describe('the S3 sink', () => {
  it('makes one object of a batch, with its lines in order and a name that says which they are', async () => {
    const { sink, asked } = await world({})
    expect(await sink.deliver(items, signal)).toEqual([])
    const [request] = asked
    expect(asked).toHaveLength(1)
    expect(request?.method).toBe('PUT')
    const address = new URL(request?.url ?? '')
    expect(address.host).toBe('s3.example.com')
    expect(address.pathname.slice('/audit/'.length)).toMatch(name)
    expect(gunzipSync(request?.body ?? Buffer.alloc(0)).toString()).toBe(
      items.map(({ bytes }) => `${Buffer.from(bytes).toString()}\n`).join(''),
    )
    expect(request?.headers).toMatchObject({
      'if-none-match': '*',
      'content-type': 'application/gzip',
      'x-amz-date': '20260302T110000Z',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=key-id\/20260302\/us-east-1\/s3\/aws4_request, /,
      ),
    })
  })

  it('gives a batch the same name again, and another one when anything in it is different', async () => {
    const { sink, asked } = await world({})
    const masked = items.map((item, index) => (index === 2 ? { ...item, bytes: Buffer.from('{"seq":41003}') } : item))
    for (const batch of [items, items, items.slice(0, 4), masked]) await sink.deliver(batch, signal)
    const urls = asked.map(({ url }) => url)
    expect(urls[1]).toBe(urls[0])
    expect(new Set(urls).size).toBe(3)
  })

  it('says how an object is kept', async () => {
    const { sink, asked } = await world({
      encryption: 'aws:kms',
      kms_key: 'alias/audit',
      storage_class: 'STANDARD_IA',
      session_token: 'token',
      lock: { mode: 'compliance', for: '365d' },
      compression: 'none',
    })
    await sink.deliver(items, signal)
    expect(asked[0]?.url).toMatch(/\.jsonl$/)
    expect(asked[0]?.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/audit',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-security-token': 'token',
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': '2027-03-02T11:00:00.000Z',
    })
    const signed = /SignedHeaders=([^,]+)/.exec(asked[0]?.headers?.authorization ?? '')?.[1]?.split(';')
    for (const header of ['host', 'if-none-match', 'x-amz-checksum-sha256', 'x-amz-object-lock-mode'])
      expect(signed).toContain(header)
  })

  const addresses = [
    { note: 'a path', settings: {}, url: 'https://s3.example.com/audit/' },
    { note: 'a host', settings: { address: 'host' }, url: 'https://audit.s3.example.com/' },
    {
      note: 'a base path and a prefix',
      settings: { endpoint: 'https://example.com:9000/s3/', prefix: "logs/it's/" },
      url: 'https://example.com:9000/s3/audit/logs/it%27s/',
    },
  ]
  it.each(addresses)('finds the bucket by $note', async ({ settings, url }) => {
    const { sink, asked } = await world(settings)
    await sink.deliver(items, signal)
    expect(asked[0]?.url.startsWith(`${url}gatehouse.example.com/log/`)).toBe(true)
  })

  const taken = [
    { note: 'the object is there already', answers: [{ status: 412 }] },
    { note: 'the object is there already and locked', answers: [denied, { status: 206 }] },
  ]
  it.each(taken)('takes it for delivered when $note', async ({ answers }) => {
    const { sink, asked } = await world({}, ...answers)
    expect(await sink.deliver(items, signal)).toEqual([])
    expect(asked.map(({ url }) => url)).toEqual(answers.map(() => asked[0]?.url))
  })

  const failing: readonly { note: string; answers: readonly Answer[]; says: RegExp }[] = [
    {
      note: 'the key has no right',
      answers: [denied, { status: 404 }],
      says: /answered 403: AccessDenied: Access Denied/,
    },
    { note: 'the key may not even look', answers: [denied, denied], says: /answered 403/ },
    { note: 'the same is being written', answers: [{ status: 409 }], says: /answered 409$/ },
    {
      note: 'the bucket has no lock',
      answers: [{ status: 400, text: '<Error><Code>InvalidRequest</Code><Message>no lock</Message></Error>' }],
      says: /answered 400: InvalidRequest: no lock/,
    },
    { note: 'the service is not there', answers: [{ status: 503, text: 'busy' }], says: /answered 503$/ },
    { note: 'it is moved', answers: [{ status: 301 }], says: /answered 301/ },
  ]
  it.each(failing)('tries the whole batch again when $note, and sets nothing aside', async ({ answers, says }) => {
    const { sink } = await world({}, ...answers)
    const failure = await sink.deliver(items, signal).catch((cause: unknown) => cause)
    expect(failure).toMatchObject({ name: 'Error', message: expect.stringMatching(says) })
    expect(String(failure)).not.toContain('key-secret')
  })
})

describe('the bucket that keeps checkpoints', () => {
  const listed =
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>audit</Name><Prefix>gatehouse/a &amp; b/checkpoints/</Prefix><KeyCount>1</KeyCount><Contents><Key>gatehouse/a &amp; b/checkpoints/9007199254740986-0000000000000005</Key><Size>5</Size></Contents></ListBucketResult>'
  const cases = [
    {
      note: 'the first name of a folder',
      answer: { status: 200, text: listed },
      ask: (store: ObjectStore) => store.first('a & b/checkpoints/'),
      url: 'https://s3.example.com/audit/?list-type=2&max-keys=1&prefix=gatehouse%2Fa%20%26%20b%2Fcheckpoints%2F',
      wanted: '9007199254740986-0000000000000005',
    },
    {
      note: 'that a folder has none',
      answer: { status: 200, text: '<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>' },
      ask: (store: ObjectStore) => store.first('a/'),
      url: 'https://s3.example.com/audit/?list-type=2&max-keys=1&prefix=gatehouse%2Fa%2F',
      wanted: undefined,
    },
    {
      note: 'an object',
      answer: { status: 200, text: 'a note' },
      ask: (store: ObjectStore) => store.get('a/b'),
      url: 'https://s3.example.com/audit/gatehouse/a/b',
      wanted: Buffer.from('a note'),
    },
    {
      note: 'that there is no such object',
      answer: { status: 404 },
      ask: (store: ObjectStore) => store.get('a/b'),
      url: 'https://s3.example.com/audit/gatehouse/a/b',
      wanted: undefined,
    },
  ]
  it.each(cases)('says $note', async ({ answer, ask, url, wanted }) => {
    const { store, asked } = bucket(answer)
    expect(await ask(store)).toEqual(wanted)
    expect(asked.map((request) => request.url)).toEqual([url])
  })

  it.each(cases)('does not take a refusal for $note', async ({ ask }) => {
    const { store } = bucket(denied)
    await expect(ask(store)).rejects.toThrow(/answered 403: AccessDenied/)
  })
})

describe('the settings of S3', () => {
  it.each([
    { note: 'plain text elsewhere', value: { endpoint: 'http://s3.example.com' }, says: /read and replaced/ },
    { note: 'a key of KMS without KMS', value: { kms_key: 'alias/audit' }, says: /used for nothing/ },
    { note: 'a prefix that would run into names', value: { prefix: 'logs' }, says: /end with `\/`/ },
    { note: 'a bucket with capitals', value: { bucket: 'Audit' }, says: /a name of a bucket/ },
    { note: 'a lock of an hour', value: { lock: { mode: 'compliance', for: '1h' } }, says: /from `1d`/ },
  ])('refuse $note', ({ value, says }) => {
    const { success, error } = s3.settings.safeParse({ ...least, ...value })
    expect(success).toBe(false)
    expect(error?.issues.map(({ message }) => message).join('\n')).toMatch(says)
  })
})
