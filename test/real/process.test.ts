/** The program as a process of its own: started by npm, ended by signals, on bare Node, in whatever state its disk is. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, get } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startHouse } from '../support/command.ts'
import { listenOn } from '../support/world.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function folderOf(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-process-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function recordsOf(folder: string): { type: string; event?: string; outcome?: string; status?: number }[] {
  const log = join(folder, 'data/log')
  const names = readdirSync(log)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
  return names.flatMap((name) =>
    readFileSync(join(log, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  )
}

/** A production house without tokens, on loopback, before an upstream that answers when it is told to. */
async function slowWorld() {
  const folder = folderOf()
  let arrived: () => void = () => undefined
  let release: () => void = () => undefined
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const upstream = createServer((_, response) => {
    release = () => void response.end('the whole reply')
    arrived()
  })
  const port = await listenOn(upstream)
  cleanups.push(() => upstream.close())
  writeFileSync(join(folder, 'main.rego'), 'package gatehouse\n\nallow := true\n')
  writeFileSync(
    join(folder, 'gatehouse.yaml'),
    `listeners:\n  agents: { port: 0 }\n  operators: { port: 0 }\nupstreams:\n  - { id: slow, url: "http://127.0.0.1:${port}" }\nroutes:\n  - { id: all, path: /, upstream: slow, identity: none }\npolicy:\n  paths: [main.rego]\n`,
  )
  return { folder, arrival, release: () => release() }
}

function ask(url: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    }).on('error', reject)
  })
}

/** Whether a connection is taken there. It asks nothing: a call that came before the signal would wait for the upstream. */
function isReached(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

describe('the program', () => {
  it('drains when the npm process that started it gets SIGTERM', async () => {
    const { folder, arrival, release } = await slowWorld()
    const house = await startHouse(['npm', 'start', '--silent', '--', '--config', join(folder, 'gatehouse.yaml')])
    cleanups.push(() => house.end('SIGKILL'))
    const running = ask(`${house.agentsUrl}/slow`)
    await arrival
    const ended = house.end('SIGTERM')
    await expect.poll(() => isReached(house.agentsUrl), { timeout: 10_000 }).toBe(false)
    release()
    expect(await running).toEqual({ status: 200, text: 'the whole reply' })
    await ended
    const records = recordsOf(folder)
    expect(records.filter(({ type }) => type === 'outcome')).toMatchObject([{ outcome: 'forwarded', status: 200 }])
    expect(records.at(-1)).toMatchObject({ type: 'admin', event: 'stop' })
  }, 60_000)

  it('goes on with the same log after SIGKILL, and says what happened', async () => {
    const { folder } = await slowWorld()
    const first = await startHouse([
      process.execPath,
      'bin/gatehouse',
      'start',
      '--config',
      join(folder, 'gatehouse.yaml'),
    ])
    await first.end('SIGKILL')
    const second = await startHouse([
      process.execPath,
      'bin/gatehouse',
      'start',
      '--config',
      join(folder, 'gatehouse.yaml'),
    ])
    await second.end()
    const events = recordsOf(folder).map(({ event }) => event)
    expect(events).toEqual(['start', 'recovery', 'start', 'stop'])
  }, 60_000)

  it('refuses a data directory that another process has, naming it', async () => {
    const { folder } = await slowWorld()
    const first = await startHouse([
      process.execPath,
      'bin/gatehouse',
      'start',
      '--config',
      join(folder, 'gatehouse.yaml'),
    ])
    cleanups.push(() => first.end())
    await expect(
      startHouse([process.execPath, 'bin/gatehouse', 'start', '--config', join(folder, 'gatehouse.yaml')]),
    ).rejects.toThrow(new RegExp(`status 2:[\\s\\S]*${first.process.pid}`))
  }, 60_000)

  it('names a taken port and the flag that chooses another', async () => {
    const { folder } = await slowWorld()
    const taken = createServer()
    const port = await listenOn(taken)
    cleanups.push(() => taken.close())
    await expect(
      startHouse([
        process.execPath,
        'bin/gatehouse',
        'start',
        '--config',
        join(folder, 'gatehouse.yaml'),
        '--port',
        String(port),
      ]),
    ).rejects.toThrow(new RegExp(`status 2:[\\s\\S]*${port}[\\s\\S]*--port`))
  }, 60_000)

  it('ends at once when it is interrupted twice', async () => {
    const { folder, arrival } = await slowWorld()
    const house = await startHouse([
      process.execPath,
      'bin/gatehouse',
      'start',
      '--config',
      join(folder, 'gatehouse.yaml'),
    ])
    ask(`${house.agentsUrl}/slow`).catch(() => undefined)
    await arrival
    const ended = house.end('SIGINT')
    await expect
      .poll(() => ask(`${house.operatorsUrl}/readyz`).then(({ status }) => status), { timeout: 10_000 })
      .toBe(503)
    house.process.kill('SIGINT')
    expect((await ended).status).toBe(1)
  }, 60_000)
})
