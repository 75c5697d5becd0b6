/** OPA's server on loopback, asked by its REST interface over kept connections; its CPU time alone counts, not that of who asks. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'
import { cpuMicroseconds, freePort, start } from '../processes.ts'
import type { Engine, Setting } from './engine.ts'
import { opaCommand } from './opa-wasm.ts'
import type { Case } from './work.ts'

/** Enough that the server never waits for work, which would add the price of waking up. */
const connections = 8

/** One server with all policies and their data. Throws `Missing`. */
export async function startOpaServer({ folder, cases }: Setting): Promise<Engine> {
  const opa = opaCommand()
  const port = await freePort()
  const args = ['run', '--server', '--addr', `127.0.0.1:${port}`, '--log-level', 'error', '--disable-telemetry']
  const subject = await start({ command: opa, args: [...args, writeFiles(join(folder, 'opa-server'), cases)], port })
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1 })

  const ask = async ({ entrypoint }: Case, body: Buffer): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' }
    const reply = await pool.request({ method: 'POST', path: `/v1/data/${entrypoint}`, headers, body })
    const text = await reply.body.text()
    if (reply.statusCode !== 200) throw new Error(`OPA's server says ${reply.statusCode}: ${text}`)
    return (JSON.parse(text) as { result?: unknown }).result
  }
  return {
    answers: (of) => Promise.all(bodies(of).map((body) => ask(of, body))),
    async slice(of, ms) {
      const all = bodies(of)
      const before = cpuMicroseconds(subject.pid)
      const until = performance.now() + ms
      let decisions = 0
      const caller = async (): Promise<void> => {
        while (performance.now() < until) {
          for (const body of all) await ask(of, body)
          decisions += all.length
        }
      }
      await Promise.all(Array.from({ length: connections }, caller))
      return (cpuMicroseconds(subject.pid) - before) / decisions
    },
    async end() {
      await pool.close()
      await subject.end()
    },
  }
}

function bodies({ bytes }: Case): Buffer[] {
  return bytes.map((input) => Buffer.concat([Buffer.from('{"input":'), input, Buffer.from('}')]))
}

/** Policies by package, and the data of all cases as one document; gives the folder. Throws where two cases want different data in one place. */
function writeFiles(folder: string, cases: readonly Case[]): string {
  mkdirSync(folder)
  const data: Record<string, unknown> = {}
  for (const of of cases) {
    writeFileSync(join(folder, `${of.entrypoint.split('/')[0]}.rego`), of.policy)
    for (const [key, value] of Object.entries(of.data)) {
      if (Object.hasOwn(data, key) && data[key] !== value) throw new Error(`two cases have data at \`${key}\``)
      data[key] = value
    }
  }
  writeFileSync(join(folder, 'data.json'), JSON.stringify(data))
  return folder
}
