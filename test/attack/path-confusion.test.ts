/** Paths that name one resource to policy and another one to the upstream. None of them may become a call. */
import { describe, expect, it } from 'vitest'
import { parseReply, receiverWorld } from '../support/receiver.ts'

const targets: readonly string[] = [
  '/erp/../admin',
  '/erp/%2e%2e/admin',
  '/erp/%2E%2e/admin',
  '/erp/.%2e/admin',
  '/erp/..%2fadmin',
  '/erp/%2e%2e%2fadmin',
  '/erp/%252e%252e/admin',
  '/erp/%25252e/admin',
  '/erp/..;/admin',
  '/erp/..;x=1/admin',
  '/erp/;/../admin',
  '/erp/..%5cadmin',
  '/erp/..\\admin',
  '/erp/%5c..%5cadmin',
  '/erp//admin',
  '//admin',
  '/erp/./admin',
  '/erp/%2e/admin',
  '/erp/%2fadmin',
  '/erp%2fadmin',
  '/erp/%00/admin',
  '/erp/a%00.json',
  '/erp/a%0d%0aX:y',
  '/erp/%c0%ae%c0%ae/admin',
  '/erp/%c0%afadmin',
  '/erp/%e0%80%afadmin',
  '/erp/%u002e%u002e/admin',
  '/erp/%zz',
  '/erp/%',
  '/erp/a#/../admin',
  '/erp/a?x=%00',
  '/erp?a=1;b=2',
  '*',
  'admin',
  'http:/admin',
  'http:///admin',
  'ftp://h/admin',
  'https://h/admin',
  'h:80',
]

describe('a confusing path', () => {
  it.each(targets)('`%s` is refused before anybody decides on it', async (target) => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(`GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
    await world.clock.settled(() => client.isClosed, 250)
    expect(parseReply(client.text).status).toBe(400)
    expect(world.calls).toEqual([])
  })

  it('that is spelled in another way arrives in its one form', async () => {
    await using world = await receiverWorld()
    for (const target of ['/erp/%61dmin', '/erp/%61%64min', 'http://h/erp/admin', 'HTTP://H:80/erp/admin'])
      await world.send(`GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
    expect(world.calls.map(({ path }) => path)).toEqual(Array(4).fill('/erp/admin'))
  })
})
