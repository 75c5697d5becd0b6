/** Streams of events as the standard reads them, in whatever pieces they come, and bounded. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SseError, type SseEvent, SseReader, sseText } from '../../../src/wire/index.ts'

/** One byte at a time, in one piece, and cut at every place: all must read the same. */
function readings(text: string | Buffer, max = 10_000): SseEvent[][] {
  const bytes = Buffer.from(text)
  const of = (pieces: readonly Buffer[]): SseEvent[] => {
    const reader = new SseReader(max)
    return pieces.flatMap((piece) => reader.take(piece))
  }
  const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
  const cuts = Array.from(bytes, (_, at) => of([bytes.subarray(0, at), bytes.subarray(at)]))
  return [of([bytes]), of(single), ...cuts]
}

const rows: readonly { note: string; text: string; events: readonly SseEvent[] }[] = [
  { note: 'an event', text: 'data: x\n\n', events: [{ data: 'x' }] },
  { note: 'carriage returns and line feeds', text: 'data: x\r\n\r\n', events: [{ data: 'x' }] },
  { note: 'carriage returns alone', text: 'data: x\r\rdata: y\r\r', events: [{ data: 'x' }, { data: 'y' }] },
  { note: 'mixed line ends', text: 'data: x\r\ndata: y\n\rdata: z\r\n\n', events: [{ data: 'x\ny' }, { data: 'z' }] },
  { note: 'a byte order mark', text: '\ufeffdata: x\n\n', events: [{ data: 'x' }] },
  { note: 'several lines', text: 'data: a\ndata: b\n\n', events: [{ data: 'a\nb' }] },
  { note: 'no space, and two', text: 'data:a\ndata:  b\n\n', events: [{ data: 'a\n b' }] },
  { note: 'a field without a colon', text: 'data\n\n', events: [{ data: '' }] },
  { note: 'comments', text: ':\n: hello\ndata: x\n:\n\n', events: [{ data: 'x' }] },
  {
    note: 'type, id and delay',
    text: 'event: message\nid: 7\nretry: 250\ndata: x\n\n',
    events: [{ data: 'x', type: 'message', id: '7', retry: 250 }],
  },
  { note: 'an id that primes', text: 'id: 7\ndata:\n\n', events: [{ data: '', id: '7' }] },
  { note: 'an id with NUL, which is none', text: 'id: a\0b\ndata: x\n\n', events: [{ data: 'x' }] },
  { note: 'a delay that is no number', text: 'retry: 2x\ndata: x\n\n', events: [{ data: 'x' }] },
  { note: 'fields of nobody', text: 'nonsense: 1\ndata: x\n\n', events: [{ data: 'x' }] },
  { note: 'the end before the empty line', text: 'data: x\n\ndata: y\n', events: [{ data: 'x' }] },
  { note: 'characters of several bytes', text: 'data: añ→😀\n\n', events: [{ data: 'añ→😀' }] },
  { note: 'empty lines', text: '\n\n\ndata: x\n\n\n', events: [{ data: 'x' }] },
]

describe('reading', () => {
  it.each(rows)('$note', ({ text, events }) => {
    for (const reading of readings(text)) expect(reading).toEqual(events)
  })

  it('refuses what is not UTF-8', () => {
    expect(() => new SseReader(100).take(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a]))).toThrow(SseError)
  })

  it.each([
    ['a line without an end', 'data: '.padEnd(200, 'x')],
    ['an event of many lines', 'data: xxxxxxxxxx\n'.repeat(20)],
    ['a comment without an end', `:${'x'.repeat(200)}`],
  ])('bounds %s', (_note, text) => {
    const reader = new SseReader(100)
    expect(() => {
      for (const byte of Buffer.from(text)) reader.take(Buffer.from([byte]))
    }).toThrow(/more than 100 bytes/)
  })

  it('takes a large event a byte at a time without copying it over and over', () => {
    const reader = new SseReader(2_000_000)
    const bytes = Buffer.from(`data: ${'x'.repeat(1_000_000)}\n\n`)
    const events: SseEvent[] = []
    for (let at = 0; at < bytes.length; at++) events.push(...reader.take(bytes.subarray(at, at + 1)))
    expect(events[0]?.data.length).toBe(1_000_000)
  })

  it('has no bound over events that each are within it', () => {
    const reader = new SseReader(100)
    expect(reader.take(Buffer.from('data: x\n\n'.repeat(1_000)))).toHaveLength(1_000)
  })
})

it('writes what it reads', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((one) => !/[\r\0\ud800-\udfff]/.test(one))
  const name = fc.stringMatching(/^[a-z]{1,8}$/)
  fc.assert(
    fc.property(text, fc.option(name, { nil: undefined }), fc.option(name, { nil: undefined }), (data, type, id) => {
      const event: SseEvent = { data, ...(type !== undefined && { type }), ...(id !== undefined && { id }) }
      for (const reading of readings(sseText(event)).slice(0, 3)) expect(reading).toEqual([event])
    }),
    { seed: 20261121, numRuns: 300 },
  )
})
