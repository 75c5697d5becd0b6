/**
 * A real third-party system as upstream: the Roundup issue tracker with its REST interface, reached through the gateway with
 * the tracker's own password, which the agent never sees. Conditional writes with ETags must survive the way.
 * Needs Roundup (PyPI `roundup`) beside the Python of GATEHOUSE_TEST_PYTHON.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isInstalled, run, until } from '../support/command.ts'
import { listenOn, openWorld, type World } from '../support/world.ts'

const bin = dirname(process.env.GATEHOUSE_TEST_PYTHON ?? '/usr/bin/python3')
const hasRoundup = await isInstalled(join(bin, 'roundup-server'), '--version')
const password = 'tracker-password-0123456789'

const policy = `package gatehouse

allow if input.call.http.method == "GET"

allow if {
	input.call.http.method == "POST"
	input.call.http.path == "/rest/data/issue"
	not contains(lower(input.call.body.title), "urgent")
}

allow if {
	input.call.http.method == "PUT"
	input.call.http.segments[4] == "title"
}
`

describe.skipIf(!hasRoundup)(
  `Roundup behind the gateway${hasRoundup ? '' : ' (skipped: roundup is not installed)'}`,
  () => {
    let folder: string
    let tracker: ChildProcess
    let world: World
    let words = ''
    let origin = ''

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'gatehouse-roundup-'))
      chmodSync(folder, 0o755)
      const home = join(folder, 'tracker')
      const port = await freePort()
      origin = `http://127.0.0.1:${port}`
      const admin = async (...command: string[]) => {
        const { status, err, out } = await run([join(bin, 'roundup-admin'), '-i', home, ...command])
        if (status !== 0) throw new Error(`roundup-admin ${command.join(' ')}: ${out}${err}`)
      }
      await admin('install', 'classic', 'sqlite')
      const file = join(home, 'config.ini')
      const config = readFileSync(file, 'utf8')
        .replace(/^#web = NO DEFAULT/m, `web = http://127.0.0.1:${port}/tracker/`)
        .replace(/^#domain = NO DEFAULT/m, 'domain = example.test')
        .replace(/^#host = NO DEFAULT/m, 'host = localhost')
      writeFileSync(file, config)
      await admin('initialise', password)
      // It refuses to run as root; `nobody` is there on every system.
      const asNobody = process.getuid?.() === 0
      if (asNobody) await run(['chown', '-R', 'nobody', home])
      tracker = spawn(
        join(bin, 'roundup-server'),
        [...(asNobody ? ['-u', 'nobody'] : []), '-n', '127.0.0.1', '-p', String(port), `tracker=${home}`],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      )
      const read = (chunk: Buffer) => {
        words += chunk
      }
      tracker.stdout?.on('data', read)
      tracker.stderr?.on('data', read)
      await until(
        async () => (await fetch(`http://127.0.0.1:${port}/tracker/`)).status === 200,
        () => words,
      )
      const credential = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
      world = await openWorld({
        policies: { 'main.rego': policy },
        upstream: { url: `http://127.0.0.1:${port}/tracker`, credential: { value: 'file:tracker-credential' } },
        files: { 'tracker-credential': credential },
      })
    }, 60_000)

    afterAll(async () => {
      await world?.close()
      tracker?.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    })

    // Roundup wants these of every REST client, against cross-site forgery.
    const headers = () => ({
      accept: 'application/json',
      'x-requested-with': 'rest',
      origin,
      referer: `${origin}/tracker/`,
      'content-type': 'application/json',
    })

    it('lets an agent file an issue and read it back', async () => {
      const made = await world.send({
        method: 'POST',
        path: '/rest/data/issue',
        headers: headers(),
        body: '{"title":"Printer on fire"}',
      })
      expect({ status: made.status, id: made.json?.data?.id }).toEqual({ status: 201, id: '1' })
      const read = await world.send({ path: '/rest/data/issue/1', headers: headers() })
      expect(read.json.data.attributes.title).toBe('Printer on fire')
      expect(read.headers.etag ?? read.json.data['@etag']).toBeDefined()
    })

    it('passes a conditional write, and the refusal of one without its condition', async () => {
      const read = await world.send({ path: '/rest/data/issue/1', headers: headers() })
      const etag = String(read.json.data['@etag'])
      const put = { method: 'PUT', path: '/rest/data/issue/1/title', body: '{"data":"Printer put out"}' }
      expect((await world.send({ ...put, headers: headers() })).status).toBe(412)
      expect((await world.send({ ...put, headers: { ...headers(), 'if-match': etag } })).status).toBe(200)
    })

    it('refuses by what the issue says, and the tracker never hears of it', async () => {
      const refused = await world.send({
        method: 'POST',
        path: '/rest/data/issue',
        headers: headers(),
        body: '{"title":"URGENT: pay this"}',
      })
      expect(refused.status).toBe(403)
      const list = await world.send({ path: '/rest/data/issue', headers: headers() })
      expect(list.json.data.collection).toHaveLength(1)
    })

    it('never shows the password: not in a reply, not in a record', async () => {
      expect(JSON.stringify(world.records())).not.toContain(password)
      expect(JSON.stringify(world.records())).not.toContain(Buffer.from(`admin:${password}`).toString('base64'))
    })
  },
)

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listenOn(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}
