/** The way out: where a name may lead, and documents fetched through it. */
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  checkHost,
  guardedLookup,
  isAllowedAddress,
  type Lookup,
  makeFetchDocument,
  makeForward,
} from '../../../src/forward/index.ts'
import type { Fault, Upstream } from '../../../src/model/index.ts'
import { selfSigned } from '../../support/certificate.ts'
import { fakeClock } from '../../support/clock.ts'
import { allowing, fakeCall, forwardWorld, textOf } from '../../support/upstream.ts'

const leadingTo =
  (...addresses: string[]): Lookup =>
  (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

describe('an address behind a name', () => {
  it.each([
    '127.0.0.1',
    '127.255.0.1',
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '169.254.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '100.100.100.200',
    '168.63.129.16',
    '::',
    '::1',
    'fe80::1',
    'febf::1',
    'ff02::1',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a9fe:a9fe',
    '2002:7f00:1::',
    '2001:0:1::1',
    'not an address',
    '',
  ])('`%s` is refused', (address) => {
    expect(isAllowedAddress(address)).toBe(false)
  })

  it.each([
    '10.0.0.1',
    '172.16.3.4',
    '192.168.1.1',
    '93.184.216.34',
    '2606:2800:220:1::1',
    'fd12:3456::1',
    '::ffff:10.0.0.1',
  ])('`%s` is allowed', (address) => {
    expect(isAllowedAddress(address)).toBe(true)
  })

  async function codeWith(origin: string, lookup: Lookup): Promise<string> {
    await using world = await forwardWorld((_request, response) => response.end('reached'))
    const port = new URL(world.upstream.origin).port
    const upstream: Upstream = { ...world.upstream, origin: `${origin}:${port}`, retriesMax: 0 }
    const forwarding = makeForward({ upstreams: [upstream] }, { clock: fakeClock(), lookup })
    const target = { ...world.target(), upstream }
    try {
      return await textOf(await forwarding.forward(fakeCall(), target, allowing([])))
    } catch (cause) {
      return (cause as Fault).code
    } finally {
      await forwarding.close()
    }
  }

  it('that is this machine is refused, also when it is one of several', async () => {
    expect(await codeWith('http://erp.example', leadingTo('127.0.0.1'))).toBe('upstream_refused_address')
    expect(await codeWith('http://erp.example', leadingTo('10.255.255.1', '127.0.0.1'))).toBe(
      'upstream_refused_address',
    )
    expect(await codeWith('http://localhost.example', leadingTo('127.0.0.1'))).toBe('upstream_refused_address')
  })

  it('that is configured as a literal, or as localhost, is reached', async () => {
    const never: Lookup = (_hostname, _options, callback) => callback(new Error('not to be asked'), [])
    expect(await codeWith('http://127.0.0.1', never)).toBe('reached')
    expect(await codeWith('http://localhost', leadingTo('127.0.0.1'))).toBe('reached')
  })

  it('that nobody knows is unreachable', async () => {
    expect(await codeWith('http://erp.example', leadingTo())).toBe('upstream_unreachable')
    expect(await codeWith('http://erp.example', (_h, _o, callback) => callback(new Error('ENOTFOUND'), []))).toBe(
      'upstream_unreachable',
    )
  })
})

describe('TLS to an upstream', () => {
  const trusted = selfSigned({ names: ['127.0.0.1'] })

  it.each([
    ['of an authority that is configured', trusted, trusted.certificate, 'reached'],
    ['of an authority that nobody knows', trusted, undefined, 'upstream_unreachable'],
    ['of another authority', trusted, selfSigned({ names: ['127.0.0.1'] }).certificate, 'upstream_unreachable'],
    ['for another name', selfSigned({ names: ['other.example'] }), 'own', 'upstream_unreachable'],
    [
      'that has expired',
      selfSigned({ names: ['127.0.0.1'], notAfter: '210101000000Z' }),
      'own',
      'upstream_unreachable',
    ],
  ])('with a certificate %s', async (_note, certificate, authorities, wanted) => {
    const server = createHttpsServer({ cert: certificate.certificate, key: certificate.key }, (_request, response) =>
      response.end('reached'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await using world = await forwardWorld(() => {})
    const upstream: Upstream = {
      ...world.upstream,
      origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      retriesMax: 0,
      ...(authorities === undefined
        ? {}
        : { authorities: authorities === 'own' ? certificate.certificate : authorities }),
    }
    const forwarding = makeForward({ upstreams: [upstream] }, { clock: fakeClock() })
    const result = await forwarding
      .forward(fakeCall(), { ...world.target(), upstream }, allowing([]))
      .then(textOf, (fault: Fault) => fault.code)
    expect(result).toBe(wanted)
    await forwarding.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('a document', () => {
  const fetchFrom = async (
    answer: Parameters<typeof forwardWorld>[0],
    request: { path?: string; bytesMax?: number; msMax?: number } = {},
  ) => {
    await using world = await forwardWorld(answer)
    const fetch = makeFetchDocument({ clock: world.clock })
    const fetched = fetch({
      url: `${world.upstream.origin}${request.path ?? '/keys?x=1'}`,
      bytesMax: request.bytesMax ?? 1_000,
      msMax: request.msMax ?? 5_000,
      headers: { 'X-Own': 'yes' },
    })
    const result = fetched.then(
      (document) => ({ ...document, text: Buffer.from(document.bytes).toString() }),
      (error: Error) => error.message.replace(/http:\/\/[0-9.:]+/, 'ORIGIN'),
    )
    let done = false
    void result.then(() => (done = true))
    await world.clock.settled(() => done, 100)
    return { result: await result, requests: world.requests }
  }

  it('is fetched with its status, header and bytes', async () => {
    const { result, requests } = await fetchFrom((_request, response) =>
      response.writeHead(200, { 'Cache-Control': 'max-age=9' }).end('{}'),
    )
    expect(result).toMatchObject({ status: 200, text: '{}' })
    if (typeof result === 'object') expect(result.headers.get('cache-control')).toBe('max-age=9')
    expect(requests[0]).toMatchObject({ method: 'GET', url: '/keys?x=1' })
    expect(requests[0]?.headers).toMatchObject({ 'x-own': 'yes', 'accept-encoding': 'identity' })
  })

  it('is not looked for where a redirect points', async () => {
    const { result, requests } = await fetchFrom((_request, response) =>
      response.writeHead(302, { Location: '/other' }).end(),
    )
    expect(result).toMatchObject({ status: 302 })
    expect(requests.length).toBe(1)
  })

  it('that is too large is refused, its size known or not', async () => {
    const wanted = '`ORIGIN/keys` has more than 1000 bytes'
    expect((await fetchFrom((_request, response) => response.end(Buffer.alloc(1_001)))).result).toBe(wanted)
    expect(
      (
        await fetchFrom((_request, response) => {
          response.write('x')
          response.end(Buffer.alloc(1_000))
        })
      ).result,
    ).toBe(wanted)
  })

  it('that does not come in time is given up', async () => {
    expect((await fetchFrom(() => {})).result).toBe('`ORIGIN/keys` did not answer within 5000 ms')
  })

  it('that breaks off is refused', async () => {
    const { result } = await fetchFrom((request) => request.socket.destroy())
    expect(result).toMatch(/^`ORIGIN\/keys` could not be fetched: /)
  })

  it.each(['file:///etc/passwd', 'data:,x', 'keys', ''])('at `%s` is refused', async (url) => {
    await expect(makeFetchDocument({ clock: fakeClock() })({ url, bytesMax: 1, msMax: 1 })).rejects.toThrow(
      'is not an http or https URL',
    )
  })
})

describe('a client that has sockets of its own', () => {
  const looked = (host: string, ...addresses: string[]) =>
    new Promise<string>((resolve) => {
      guardedLookup(leadingTo(...addresses))(host, { all: false }, (error, address) =>
        resolve(error === null ? String(address) : error.message),
      )
    })

  it('gets no address that a name must not lead to', async () => {
    expect(await looked('kafka.example', '10.0.0.7')).toBe('10.0.0.7')
    expect(await looked('kafka.example', '10.0.0.7', '169.254.169.254')).toMatch(
      /`169\.254\.169\.254`, which is not allowed/,
    )
    expect(await looked('localhost', '127.0.0.1')).toBe('127.0.0.1')
  })

  it('learns before it connects whether a host may be reached', async () => {
    await expect(checkHost('kafka.example', leadingTo('10.0.0.7'))).resolves.toBeUndefined()
    await expect(checkHost('kafka.example', leadingTo('127.0.0.1'))).rejects.toThrow('is not allowed')
    await expect(checkHost('kafka.example', leadingTo())).rejects.toThrow('has no address')
    // An address is taken as it was written.
    await expect(checkHost('127.0.0.1', leadingTo('10.0.0.7'))).resolves.toBeUndefined()
  })
})

describe('a document that is not waited for any more', () => {
  it.each([
    { note: 'before it was asked for', isEarly: true },
    { note: 'while it is on its way', isEarly: false },
  ])('ends at once: $note', async ({ isEarly }) => {
    await using world = await forwardWorld(() => undefined)
    const stop = new AbortController()
    if (isEarly) stop.abort()
    const fetchDocument = makeFetchDocument({ clock: fakeClock() })
    const fetching = fetchDocument({ url: world.upstream.origin, bytesMax: 10, msMax: 60_000, signal: stop.signal })
    setImmediate(() => stop.abort())
    await expect(fetching).rejects.toThrow('is not waited for any more')
  })
})
