/** The stream of one server of several: opened again when it ends, later each time, kept alive meanwhile, and never after it was given up. */
import { expect, it } from 'vitest'
import { ReopenedStream } from '../../../../src/forward/mcp/reopened-stream.ts'
import { type ByteSink, type ByteSource, Fault, limits } from '../../../../src/model/index.ts'
import { fakeClock } from '../../../support/clock.ts'

class Source implements ByteSource {
  readonly lengthBytes = null
  sink: ByteSink | undefined
  readonly calls: string[] = []
  start(sink: ByteSink): void {
    this.sink = sink
  }
  pause(): void {
    this.calls.push('pause')
  }
  resume(): void {
    this.calls.push('resume')
  }
  cancel(): void {
    this.calls.push('cancel')
  }
}

type Answer = Source | undefined | Fault | Error

/** `answers`: what each try to open it again gives; behind them it fails. */
function world(first: Source | undefined, answers: readonly Answer[] = []) {
  const clock = fakeClock()
  const triedMs: number[] = []
  const got: string[] = []
  const stream = new ReopenedStream({
    clock,
    first,
    async open() {
      const answer = triedMs.length < answers.length ? answers[triedMs.length] : new Fault('upstream_cut', 'down')
      triedMs.push(clock.monotonicMs())
      if (answer instanceof Error) throw answer
      return answer
    },
    back: () => got.push('back'),
  })
  const sink: ByteSink = {
    chunk: (bytes) => void got.push(Buffer.from(bytes).toString()),
    end: () => void got.push('end'),
    fail: ({ code }) => void got.push(code),
  }
  return { clock, triedMs, got, stream, sink }
}

it('goes on where it was opened again, without its reader hearing of the break', async () => {
  const [one, two] = [new Source(), new Source()]
  const { clock, got, stream, sink } = world(one, [new Fault('upstream_cut', 'down'), two])
  stream.start(sink)
  one.sink?.chunk(Buffer.from('a'))
  one.sink?.fail(new Fault('upstream_cut', 'gone'))
  // What still comes of the old one is not heard.
  one.sink?.chunk(Buffer.from('late'))
  stream.pause()
  await clock.advance(3_000)
  two.sink?.chunk(Buffer.from('b'))
  stream.resume()
  expect(got).toEqual(['a', 'back', 'b'])
  expect(two.calls).toEqual(['pause', 'resume'])
  stream.cancel(new Error('over'))
  expect([one.calls, two.calls]).toEqual([[], ['pause', 'resume', 'cancel']])
})

it('waits longer after each failure up to half a minute, and is kept alive meanwhile', async () => {
  const { clock, triedMs, got, stream, sink } = world(undefined)
  stream.start(sink)
  await clock.advance(100_000)
  expect(triedMs).toEqual([1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000])
  expect(got).toHaveLength(Math.floor(100_000 / limits.mcpKeepAliveMs))
})

it.each([
  ['ends where the server has no stream any more', undefined, 'end'],
  ['breaks at a mistake of ours', new TypeError('a mistake'), 'internal'],
])('%s', async (_note, answer, last) => {
  const first = new Source()
  const { clock, triedMs, got, stream, sink } = world(first, [answer])
  stream.start(sink)
  first.sink?.end()
  await clock.advance(100_000)
  expect([got, triedMs]).toEqual([[last], [1_000]])
})

it('opens nothing once it was given up, also while it waits', async () => {
  const first = new Source()
  const { clock, triedMs, stream, sink } = world(first)
  stream.start(sink)
  first.sink?.end()
  await clock.advance(500)
  stream.cancel(new Error('over'))
  await clock.advance(100_000)
  expect(triedMs).toEqual([])
})
