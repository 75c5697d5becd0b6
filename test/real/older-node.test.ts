/**
 * `bin/gatehouse` on a Node that is too old for the sources: it runs itself again on the Node that came with the packages, and
 * nobody outside notices. Every older Node of this machine takes part, and one that only says that it is older.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { run, startHouse } from '../support/command.ts'
import { root } from '../support/sources.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-older-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const pretence = join(folder, 'pretence.mjs')
writeFileSync(
  pretence,
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })\n",
)

const found = (process.env.PATH ?? '')
  .split(delimiter)
  .map((one) => join(one, 'node'))
  .filter((path) => existsSync(path))
  .map((path) => realpathSync(path))
const older = [...new Set(found)].filter((path) => {
  const major = Number(/^v(\d+)/.exec(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout)?.[1])
  return major >= 20 && major < 24
})
const nodes = [
  { note: 'a Node that says it is 20', node: process.execPath, first: ['--import', pretence] },
  ...older.map((node) => ({ note: node, node, first: [] as string[] })),
]
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const command = join(root, 'bin/gatehouse')
const anyPort = ['start', '--port', '0', '--operators-port', '0']

describe.each(nodes)('on $note', ({ node, first }) => {
  it('gives output and exit status of the command', async () => {
    const good = await run([node, ...first, command, 'version'], { cwd: folder })
    expect(good).toEqual({ status: 0, out: `gatehouse ${version}\n`, err: '' })
    const bad = await run([node, ...first, command, 'tokn'], { cwd: folder })
    expect(bad).toMatchObject({ status: 2, out: '', err: expect.stringMatching(/did you mean `token`/) })
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('passes %s on, and ends as the gateway ended', async (signal) => {
    const data = mkdtempSync(join(folder, 'data-'))
    const house = await startHouse([node, ...first, command, ...anyPort, '--data', data], folder)
    expect((await fetch(`${house.operatorsUrl}/healthz`)).status).toBe(200)
    expect(await house.end(signal)).toEqual({ status: 0, signal: null })
    await expect(fetch(`${house.operatorsUrl}/healthz`), 'no gateway is left behind').rejects.toThrow()
  })

  it('ends by the signal that ended the gateway', async () => {
    const data = mkdtempSync(join(folder, 'data-'))
    const house = await startHouse([node, ...first, command, ...anyPort, '--data', data], folder)
    const ended = once(house.process, 'exit')
    // proc(5): the children of the one task that this process began with.
    const pid = house.process.pid
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
    expect(children).toHaveLength(1)
    process.kill(children[0] as number, 'SIGKILL')
    expect(await ended).toEqual([null, 'SIGKILL'])
  })
})

describe('where no newer Node came with the packages', () => {
  it.each([
    {
      note: 'a checkout is told to run npm ci',
      sources: true,
      wanted: /Node 20\.0\.0 is too old: run `npm ci` in \S+, which brings Node 24, or install Node 24/,
    },
    {
      note: 'an installed package is told to install Node',
      sources: false,
      wanted: /Node 20\.0\.0 is too old: install Node 24 or newer/,
    },
  ])('$note', async ({ sources, wanted }) => {
    const place = mkdtempSync(join(folder, 'bare-'))
    cpSync(command, join(place, 'bin/gatehouse'))
    writeFileSync(join(place, 'package.json'), '{"type":"module"}')
    if (sources) {
      mkdirSync(join(place, 'src/cli'), { recursive: true })
      writeFileSync(join(place, 'src/cli/main.ts'), '')
    }
    const ran = await run([process.execPath, '--import', pretence, join(place, 'bin/gatehouse'), 'version'])
    expect(ran).toMatchObject({ status: 2, out: '', err: expect.stringMatching(wanted) })
    expect(ran.err.trim().split('\n')).toHaveLength(1)
  })
})
