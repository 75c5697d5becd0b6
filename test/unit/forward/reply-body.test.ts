/** The body of a reply as a stream: whom it still speaks to when its bytes have all come. */
import { describe, expect, it } from 'vitest'
import { ReplyBody } from '../../../src/forward/reply-body.ts'

function world(secret?: Buffer) {
  const asked: string[] = []
  const control = {
    pause: () => void asked.push('pause'),
    resume: () => void asked.push('resume'),
    abort: (cause: Error) => void asked.push(`abort: ${cause.message}`),
  }
  const body = new ReplyBody({ control, lengthBytes: null, bytesMax: 100, secret })
  return { asked, body }
}

describe('the body of a reply', () => {
  it('holds its connection back until somebody takes it, and as often as he does not', () => {
    const { asked, body } = world()
    body.start({ chunk() {}, end() {}, fail() {} })
    body.pause()
    body.resume()
    body.cancel(new Error('enough'))
    expect(asked).toEqual(['pause', 'resume', 'pause', 'resume', 'abort: enough'])
  })

  it.each([
    ['that came before somebody took it', false, undefined],
    ['that somebody takes slowly', true, undefined],
    ['of which an end was held back that might have been the secret', true, Buffer.from('secret-of-upstream')],
  ])('%s leaves the connection alone when it is whole: that carries another call', (_note, atOnce, secret) => {
    const { asked, body } = world(secret)
    const taken: string[] = []
    // Takes nothing more after any piece, as a slow agent does.
    const sink = {
      chunk: (bytes: Uint8Array) => {
        taken.push(Buffer.from(bytes).toString())
        body.pause()
      },
      end: () => void taken.push('end'),
      fail: () => void taken.push('fail'),
    }
    if (atOnce) body.start(sink)
    body.take(Buffer.from('all of it, sec'))
    const before = asked.length
    body.finish()
    if (!atOnce) body.start(sink)
    body.resume()
    body.cancel(new Error('the agent went away'))
    expect(taken.join('')).toBe('all of it, secend')
    expect(asked.slice(before)).toEqual([])
  })
})
