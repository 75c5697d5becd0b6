/** Header fields that would become two, that hide behind another spelling, or that come twice where one decides. */
import { describe, expect, it } from 'vitest'
import { parseReply, receiverWorld } from '../support/receiver.ts'

const rows: readonly [note: string, header: string][] = [
  ['a NUL in a value', 'X: a\0b'],
  ['a bare CR in a value', 'X: a\rEvil: b'],
  ['a bare LF in a value', 'X: a\nEvil: b'],
  ['a folded value', 'X: a\r\n b'],
  ['a control character in a value', 'X: a\x01b'],
  ['a DEL in a value', 'X: a\x7fb'],
  ['a space in a name', 'X Y: a'],
  ['a space before the colon', 'X : a'],
  ['an empty name', ': a'],
  ['a line without a colon', 'Evil'],
  ['a name that is not ASCII', 'X\xe4: a'],
  ['two Authorization fields', 'Authorization: Bearer a\r\nAuthorization: Bearer b'],
  ['two Content-Type fields', 'Content-Type: application/json\r\nContent-Type: text/plain'],
  ['two Cookie fields', 'Cookie: a=1\r\nCookie: a=2'],
  ['two Origin fields', 'Origin: https://a\r\nOrigin: https://b'],
]

describe('an injected header', () => {
  it.each(rows)('by %s is refused', async (_note, header) => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(`GET /a HTTP/1.1\r\nHost: h\r\n${header}\r\nConnection: close\r\n\r\n`)
    await world.clock.settled(() => client.isClosed, 250)
    expect(parseReply(client.text).status).toBe(400)
    expect(world.calls).toEqual([])
  })

  it('in the path of a refused call does not reach the reply', async () => {
    await using world = await receiverWorld()
    const text = await world.send('GET /%0d%0aEvil:%20yes HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(parseReply(text).header).not.toContain('Evil')
  })
})
