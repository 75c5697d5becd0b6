/** Requests that name two hosts, none, or one that looks like another: routing by host must have one answer. */
import { describe, expect, it } from 'vitest'
import { parseReply, receiverWorld } from '../support/receiver.ts'

const rows: readonly [note: string, target: string, header: string][] = [
  ['no Host', '/a', ''],
  ['two Hosts', '/a', 'Host: h\r\nHost: evil\r\n'],
  ['two equal Hosts', '/a', 'Host: h\r\nHost: h\r\n'],
  ['an empty Host', '/a', 'Host:\r\n'],
  ['two hosts in one field', '/a', 'Host: h, evil\r\n'],
  ['a host and a path', '/a', 'Host: h/evil\r\n'],
  ['user information', '/a', 'Host: h@evil\r\n'],
  ['an escape', '/a', 'Host: %68\r\n'],
  ['a trailing dot', '/a', 'Host: h.\r\n'],
  ['two ports', '/a', 'Host: h:80:81\r\n'],
  ['a port that is no number', '/a', 'Host: h:8o\r\n'],
  ['a space', '/a', 'Host: h evil\r\n'],
  ['a target with another host', 'http://evil/a', 'Host: h\r\n'],
  ['a target with another port', 'http://h:81/a', 'Host: h\r\n'],
  ['a target with user information', 'http://h@evil/a', 'Host: h\r\n'],
]

describe('a confusing host', () => {
  it.each(rows)('with %s is refused', async (_note, target, header) => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(`GET ${target} HTTP/1.1\r\n${header}Connection: close\r\n\r\n`)
    await world.clock.settled(() => client.isClosed, 250)
    const reply = parseReply(client.text)
    expect(reply.status).toBe(400)
    expect(reply.json.code).toBe('host_refused')
    expect(world.calls).toEqual([])
  })

  it('in X-Forwarded-Host or Forwarded is not the host', async () => {
    await using world = await receiverWorld()
    await world.send(
      'GET /a HTTP/1.1\r\nHost: h\r\nX-Forwarded-Host: evil\r\nForwarded: host=evil\r\nConnection: close\r\n\r\n',
    )
    expect(world.calls[0]?.host).toBe('h')
  })
})
