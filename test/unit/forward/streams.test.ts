/** Streams of events from tool servers that are cancelled, or whose session ends, before or after somebody began to read them. */
import { describe, expect, it } from 'vitest'
import { MergedStreams } from '../../../src/forward/mcp/merged-streams.ts'
import { RelayStream } from '../../../src/forward/mcp/relay-stream.ts'
import { type ByteSink, limits } from '../../../src/model/index.ts'
import { fakeClock } from '../../support/clock.ts'
import { PushedBody } from '../../support/upstream.ts'

function reader() {
  const got: string[] = []
  const sink: ByteSink = {
    chunk: (bytes) => void got.push(Buffer.from(bytes).toString()),
    end: () => void got.push('end'),
    fail: (fault) => void got.push(fault.code),
  }
  return { got, sink }
}

function relayed() {
  const clock = fakeClock()
  const source = new PushedBody(null)
  let overs = 0
  let signs = 0
  const stream = new RelayStream({
    source,
    clock,
    translate: (event) => ({ event, isLast: false }),
    endedEarly: () => undefined,
    over: () => void overs++,
    alive: () => void signs++,
  })
  return { clock, source, stream, counts: () => ({ overs, signs }) }
}

describe('a relayed stream', () => {
  it('gives signs of life as long as it goes on', async () => {
    const { clock, source, stream, counts } = relayed()
    const { got, sink } = reader()
    stream.start(sink)
    await clock.advance(2 * limits.mcpKeepAliveMs)
    source.sink?.chunk(Buffer.from('data: 1\n\n'))
    source.sink?.end()
    await clock.advance(2 * limits.mcpKeepAliveMs)
    expect(got).toEqual([':\n\n', ':\n\n', 'data: 1\n\n', 'end'])
    expect(counts()).toEqual({ overs: 1, signs: 2 })
  })

  it('that was cancelled before it began leaves nothing behind', async () => {
    const { clock, source, stream, counts } = relayed()
    const { got, sink } = reader()
    stream.cancel(new Error('the session has ended'))
    stream.start(sink)
    await clock.advance(10 * limits.mcpKeepAliveMs)
    expect(got).toEqual([])
    expect(source.sink).toBeUndefined()
    expect(source.cancelled?.message).toBe('the session has ended')
    expect(counts()).toEqual({ overs: 1, signs: 0 })
  })
})

describe('streams of several servers', () => {
  const merged = () => {
    const sources = [new PushedBody(null), new PushedBody(null)]
    let overs = 0
    return { sources, stream: new MergedStreams(sources, () => void overs++), overs: () => overs }
  }

  it('are one until the last of them has ended', () => {
    const { sources, stream, overs } = merged()
    const { got, sink } = reader()
    stream.start(sink)
    sources[0]?.sink?.chunk(Buffer.from('a'))
    sources[0]?.sink?.end()
    sources[1]?.sink?.chunk(Buffer.from('b'))
    expect(got).toEqual(['a', 'b'])
    expect(overs()).toBe(0)
    sources[1]?.sink?.end()
    expect(got).toEqual(['a', 'b', 'end'])
    expect(overs()).toBe(1)
  })

  it.each(['before', 'after'])('end when their session ends %s somebody began to read them', (when) => {
    const { sources, stream, overs } = merged()
    const { got, sink } = reader()
    if (when === 'after') stream.start(sink)
    stream.close()
    if (when === 'before') stream.start(sink)
    expect(got).toEqual(['end'])
    expect(sources.every(({ cancelled }) => cancelled !== undefined)).toBe(true)
    expect(overs()).toBe(1)
  })
})
