/** A connection lives as long as all goes well with it; whatever goes wrong, nothing of an old one is written behind a new one. */
import { describe, expect, it } from 'vitest'
import { type Connection, connectedSink } from '../../../src/sinks/connected.ts'
import { BatchRefused } from '../../../src/sinks/sink.ts'
import { itemOf } from '../../support/sink-ports.ts'

const item = itemOf(7)
const never = new Promise<never>(() => undefined)
const soon = () => new AbortController().signal

/** Connections that do what `plans` say, one after the other, and what happened to them. */
function world(...plans: readonly (Partial<Pick<Connection, 'deliver'>> & { connecting?: Promise<unknown> })[]) {
  const happened: string[] = []
  let number = 0
  const connect = async (): Promise<Connection> => {
    const name = `c${++number}`
    const plan = plans[number - 1] ?? {}
    happened.push(`${name} made`)
    await plan.connecting
    return {
      deliver: plan.deliver ?? (async () => []),
      cut: () => happened.push(`${name} cut`),
    }
  }
  return { sink: connectedSink(connect), happened }
}

describe('a sink over a connection', () => {
  it('connects when the first batch comes, once', async () => {
    const { sink, happened } = world()
    expect(happened).toEqual([])
    await sink.deliver([item], soon())
    await sink.deliver([item], soon())
    expect(happened).toEqual(['c1 made'])
  })

  it('gives back what the receiver refused', async () => {
    const rejected = [{ seq: 7, reason: 'too long' }]
    const { sink } = world({ deliver: async () => rejected })
    expect(await sink.deliver([item], soon())).toEqual(rejected)
  })

  it('cuts a connection that failed, and makes another for the next batch', async () => {
    const { sink, happened } = world({ deliver: () => Promise.reject(new Error('gone')) })
    await expect(sink.deliver([item], soon())).rejects.toThrow('gone')
    await sink.deliver([item], soon())
    expect(happened).toEqual(['c1 made', 'c1 cut', 'c2 made'])
  })

  it('keeps a connection over which a batch was refused', async () => {
    const { sink, happened } = world({ deliver: () => Promise.reject(new BatchRefused('too large')) })
    await expect(sink.deliver([item], soon())).rejects.toThrow(BatchRefused)
    await sink.deliver([item], soon()).catch(() => undefined)
    expect(happened).toEqual(['c1 made'])
  })

  it('cuts a connection whose time is over', async () => {
    const { sink, happened } = world({ deliver: () => never })
    const time = new AbortController()
    const delivered = sink.deliver([item], time.signal)
    await Promise.resolve()
    time.abort(new Error('over'))
    await expect(delivered).rejects.toThrow('over')
    expect(happened).toEqual(['c1 made', 'c1 cut'])
  })

  it('does not wait for a connection whose time is over, and cuts it when it comes', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { sink, happened } = world({ connecting: promise })
    await expect(sink.deliver([item], AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
    expect(happened).toEqual(['c1 made'])
    resolve()
    await expect.poll(() => happened).toEqual(['c1 made', 'c1 cut'])
  })

  it('tries to connect again after it failed to', async () => {
    const { sink, happened } = world({ connecting: Promise.reject(new Error('refused')) })
    await expect(sink.deliver([item], soon())).rejects.toThrow('refused')
    await sink.deliver([item], soon())
    expect(happened).toEqual(['c1 made', 'c2 made'])
  })

  it('cuts at the end, and leaves no listener behind', async () => {
    const { sink, happened } = world()
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    await sink.deliver([item], signal)
    await sink.close()
    await sink.close()
    expect({ happened, listeners }).toEqual({ happened: ['c1 made', 'c1 cut'], listeners: 0 })
  })
})
