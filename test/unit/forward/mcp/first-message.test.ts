/** A stream whose first message was looked at is read as if nobody had: every byte, its end, its failure, and no more once it is given up. */
import { expect, it } from 'vitest'
import { begin } from '../../../../src/forward/mcp/first-message.ts'
import {
  type ByteSink,
  type ByteSource,
  type Departure,
  type DepartureReason,
  Fault,
} from '../../../../src/model/index.ts'

const first = 'id: e1\ndata:\n\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n'
const second = 'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n'

function world() {
  const sinks: ByteSink[] = []
  const calls: string[] = []
  const source: ByteSource = {
    lengthBytes: null,
    start: (sink) => void sinks.push(sink),
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    cancel: () => void calls.push('cancel'),
  }
  const listeners: ((reason: DepartureReason) => void)[] = []
  const departure: Departure = {
    reason: undefined,
    onDeparture(listener) {
      listeners.push(listener)
      return () => void listeners.splice(listeners.indexOf(listener), 1)
    },
  }
  const begun = begin(source, departure)
  const say = (text: string) => sinks[0]?.chunk(Buffer.from(text))
  return { begun, say, sink: () => sinks[0], calls, leave: () => listeners[0]?.('agent_gone'), listeners }
}

/** What a reader of the rest gets. */
function read(source: ByteSource): { readonly text: () => string; readonly ends: string[] } {
  const chunks: Uint8Array[] = []
  const ends: string[] = []
  source.start({
    chunk: (bytes) => void chunks.push(bytes),
    end: () => void ends.push('end'),
    fail: ({ code }) => void ends.push(code),
  })
  return { text: () => Buffer.concat(chunks).toString(), ends }
}

it.each([1, 7, 1_000])('gives every byte of it again, whatever the pieces: %i bytes', async (size) => {
  const { begun, say, sink, calls, listeners } = world()
  const text = first + second
  for (let at = 0; at < text.length; at += size) say(text.slice(at, at + size))
  const { first: message, source } = await begun
  expect(message).toMatchObject({ kind: 'notification', method: 'notifications/progress' })
  expect(calls).toEqual(['pause'])
  const reader = read(source)
  expect(reader.text()).toBe(text)
  say('data: more\n\n')
  sink()?.end()
  expect(reader.text()).toBe(`${text}data: more\n\n`)
  expect(reader.ends).toEqual(['end'])
  // Who leaves from now on is the reader's to tell.
  expect(listeners).toEqual([])
})

it('tells of an end and of a failure before the first message to the reader', async () => {
  const ended = world()
  ended.say('id: e1\ndata:\n\n')
  ended.sink()?.end()
  const whole = await ended.begun
  expect(whole.first).toBeUndefined()
  const reader = read(whole.source)
  expect([reader.text(), reader.ends]).toEqual(['id: e1\ndata:\n\n', ['end']])
  const broken = world()
  broken.sink()?.fail(new Fault('upstream_cut', 'gone'))
  expect(read((await broken.begun).source).ends).toEqual(['upstream_cut'])
})

it('is given up when the agent leaves before there was a message', async () => {
  const { begun, leave, calls } = world()
  leave()
  await expect(begun).rejects.toMatchObject({ code: 'agent_gone' })
  expect(calls).toEqual(['cancel'])
})

it.each([
  ['no JSON', 'data: {\n\n'],
  ['no message', 'data: {"jsonrpc":"2.0"}\n\n'],
  ['a key twice', 'data: {"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"result":{}}\n\n'],
  ['bytes that are no text', Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a]).toString('latin1')],
])('is given up where the first message is %s', async (_note, text) => {
  const { begun, sink, calls } = world()
  sink()?.chunk(Buffer.from(text, 'latin1'))
  await expect(begun).rejects.toMatchObject({ code: 'upstream_rpc' })
  expect(calls).toEqual(['cancel'])
})
