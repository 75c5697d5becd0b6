/** The program's own log: lines of JSON, and no secret in any of them whichever way it got there. */
import { describe, expect, it } from 'vitest'
import { makeLog } from '../../../src/cli/log.ts'
import type { Log } from '../../../src/model/index.ts'
import { makeFakeIo } from '../../support/io.ts'

const secret = 'hunter2"\\hunter2'
const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJidXllciJ9.c2lnbmF0dXJl'

function world(secrets: readonly string[] = [secret]) {
  const io = makeFakeIo({ directory: '/' })
  const log = makeLog(io, () => secrets)
  const lines = () =>
    io.stderr.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  return { io, log, lines }
}

describe('the log of the program', () => {
  it('writes one line of JSON with level, time and name', () => {
    const { log, lines } = world()
    log.info({ route: 'erp' }, 'reloaded')
    log.debug({}, 'not shown')
    expect(lines()).toEqual([
      { level: 'info', time: '2026-03-02T10:00:00.000Z', name: 'gatehouse', route: 'erp', msg: 'reloaded' },
    ])
  })

  it.each([
    { note: 'in a message', write: (log: Log) => log.warn({}, `cannot use ${secret}`) },
    { note: 'in a field', write: (log: Log) => log.warn({ url: `https://x/?k=${secret}` }, 'm') },
    { note: 'deep in a field', write: (log: Log) => log.error({ a: { b: [{ c: secret }] } }, 'm') },
    { note: 'in an error', write: (log: Log) => log.error({ err: new Error(`refused ${secret}`) }, 'm') },
    { note: 'as a key', write: (log: Log) => log.error({ [secret]: 1 }, 'm') },
    {
      note: 'under a known name',
      write: (log: Log) => log.info({ authorization: 'short', headers: { cookie: 'short' } }, 'm'),
    },
    { note: 'as a token nobody configured', write: (log: Log) => log.info({ got: `Bearer ${token}` }, `m ${token}`) },
  ])('hides a secret $note', ({ write }) => {
    const { io, log, lines } = world()
    write(log)
    expect(lines()).toHaveLength(1)
    expect(io.stderr.text).toContain('[redacted')
    expect(io.stderr.text).not.toMatch(/hunter2|short|c2lnbmF0dXJl/)
  })

  it('hides the secrets of a reloaded configuration', () => {
    const secrets = ['first-secret']
    const { io, log } = world(secrets)
    secrets.push('second-secret')
    log.info({}, 'second-secret')
    expect(io.stderr.text).not.toContain('second-secret')
  })

  it('goes on when nobody reads it any more', () => {
    const { io, log } = world()
    io.stderr.closed = true
    expect(() => log.error({}, 'm')).not.toThrow()
  })
})
