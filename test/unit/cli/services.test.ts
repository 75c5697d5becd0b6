/** The child process of development mode, over programs of the test's own: it is found, comes back, and never outlives us. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { CommandError } from '../../../src/cli/io.ts'
import { type Services, startServices } from '../../../src/cli/services.ts'
import type { Log } from '../../../src/model/index.ts'
import { type FakeClock, fakeClock } from '../../support/clock.ts'

const folders: string[] = []
const running: Services[] = []
afterEach(async () => {
  for (const services of running.splice(0)) await services.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** A program whose nth run is the nth script; each leaves its process id in `pids`. */
function programOf(...scripts: readonly string[]): { start(clock: FakeClock): Promise<Services>; pids(): number[] } {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-services-'))
  folders.push(folder)
  const pidFile = join(folder, 'pids')
  const program = join(folder, 'program.mjs')
  writeFileSync(
    program,
    `import { appendFileSync, existsSync, readFileSync } from 'node:fs'
const file = ${JSON.stringify(pidFile)}
const run = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\\n').length : 0
appendFileSync(file, process.pid + '\\n')
const lives = () => process.stdin.resume()
const says = (port) => { console.log(JSON.stringify({ origin: 'http://127.0.0.1:' + port })); lives() }
;[${scripts.map((script) => `() => { ${script} }`).join(', ')}][run]()
`,
  )
  const pids = () => (existsSync(pidFile) ? readFileSync(pidFile, 'utf8').split('\n').filter(Boolean).map(Number) : [])
  return {
    pids,
    async start(clock) {
      const options = { program, dataDirectory: join(folder, 'data'), credentialsDirectory: folder }
      const services = await startServices({ ...options, clock, log: quiet })
      running.push(services)
      return services
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the services of development mode', () => {
  it('come back at the same port when they die, also when the first try to start them again fails', async () => {
    const clock = fakeClock()
    const port = 'process.argv[process.argv.indexOf("--port") + 1]'
    const program = programOf('says(40123)', 'console.error("no room"); process.exitCode = 3', `says(${port})`)
    const services = await program.start(clock)
    expect(services.origin).toBe('http://127.0.0.1:40123')
    expect(services.readiness()).toBeUndefined()
    process.kill(program.pids()[0] ?? 0, 'SIGKILL')
    await clock.settled(() => services.readiness() !== undefined)
    await clock.advance(1_000)
    await clock.settled(() => services.readiness()?.includes('ended with status 3 at start: no room') === true)
    await clock.advance(1_000)
    await clock.settled(() => services.readiness() === undefined)
    expect(program.pids()).toHaveLength(3)
  })

  it.each([
    ['print something else', 'console.log("hello"); lives()', /printed `hello` instead of their origin/],
    [
      'end at once',
      'console.error("the file is broken"); process.exitCode = 4',
      /status 4 at start: the file is broken/,
    ],
  ])('that %s are a mistake to put right, and are not left behind', async (_note, script, wanted) => {
    const program = programOf(script)
    const failure = await program.start(fakeClock()).catch((cause: unknown) => cause)
    expect(failure).toBeInstanceOf(CommandError)
    expect((failure as Error).message).toMatch(wanted)
    await expect.poll(() => isAlive(program.pids()[0] ?? 0)).toBe(false)
  })

  it('that say nothing are given up after ten seconds, and are not left behind', async () => {
    const clock = fakeClock()
    const program = programOf('lives()')
    let failure: unknown
    void program.start(clock).catch((cause: unknown) => {
      failure = cause
    })
    await clock.settled(() => program.pids().length === 1)
    await clock.advance(10_000)
    await clock.settled(() => failure !== undefined)
    expect(String(failure)).toMatch(/no address within 10000 ms/)
    await expect.poll(() => isAlive(program.pids()[0] ?? 0)).toBe(false)
  })

  it('end with us', async () => {
    const program = programOf('says(40123)')
    const services = await program.start(fakeClock())
    await services.close()
    expect(isAlive(program.pids()[0] ?? 0)).toBe(false)
  })
})
