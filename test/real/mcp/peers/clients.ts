/** The clients of the matrix: programs on the SDKs of three languages, in each mode of negotiation that they have, the inspector, and `gatehouse call`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../support/sources.ts'
import type { Places } from './servers.ts'
import type { Answer, Step, Told } from './steps.ts'

export interface PeerClient {
  readonly name: string
  readonly version: string
  /** As the client knows it: `legacy`, `auto`, or a revision that it insists on. */
  readonly mode: string
  /** Rejects with the client's last words when it cannot connect or breaks. */
  run(places: Places, url: string, steps: readonly Step[], headers: Headers): Promise<Told>
}

type Headers = { readonly [name: string]: string }

/** Milliseconds for all steps of one client. */
const clientMsMax = 60_000
/** Characters of a client's last words that an error repeats. */
const wordsMax = 1_000

const program = (name: string): string => join(import.meta.dirname, 'programs', name)

export const peerClients: readonly PeerClient[] = [
  scripted('sdk-v1', '1.32.2', 'legacy', ({ node }) => [process.execPath, join(node, 'client-v1.mjs')]),
  ...['legacy', 'auto', '2026-07-28'].map((mode) =>
    scripted('sdk-v2', '2.4.0', mode, () => [process.execPath, program('client-v2.ts')]),
  ),
  ...['legacy', 'auto', '2026-07-28'].map((mode) =>
    scripted('python', '2.3.0', mode, ({ python }) => [python, program('client.py')]),
  ),
  ...['2025-11-25', 'auto'].map((mode) => scripted('go-sdk', '1.8.0', mode, ({ go }) => [join(go, 'client')])),
  ...(['legacy', 'modern'] as const).map(inspector),
  commands(),
]

/** A program of ours on somebody's SDK: all steps in one connection. */
function scripted(
  name: string,
  version: string,
  mode: string,
  command: (places: Places) => readonly [string, ...string[]],
): PeerClient {
  return {
    name,
    version,
    mode,
    async run(places, url, steps, headers) {
      const out = await output([...command(places), url, mode, JSON.stringify(steps), JSON.stringify(headers)])
      return JSON.parse(out) as Told
    },
  }
}

/** Steps of a list that the inspector does: each is a process of its own, of a second. */
const inspectorSteps = 3

/** The inspector's command line: a connection a step. What it prints holds no revision; it is told which era to speak. */
function inspector(mode: 'legacy' | 'modern'): PeerClient {
  return {
    name: 'inspector',
    version: '2.12.0',
    mode,
    async run({ node }, url, steps, headers) {
      const config = join(node, `inspector-${mode}.json`)
      const server = { type: 'streamable-http', url, headers, protocolEra: mode }
      writeFileSync(config, JSON.stringify({ mcpServers: { peer: server } }))
      const command = join(node, 'node_modules/.bin/mcp-inspector')
      const answers: Answer[] = []
      for (const step of steps.slice(0, inspectorSteps)) {
        const words = ['--cli', '--config', config, '--server', 'peer', '--format', 'json', ...inspectorWords(step)]
        answers.push(await inspectorAnswer([process.execPath, command, ...words]))
      }
      return { revision: mode === 'modern' ? '2026-07-28' : '2025-11-25', answers }
    },
  }
}

function inspectorWords({ method, params }: Step): string[] {
  const pairs = Object.entries((params.arguments ?? {}) as object).map(([name, value]) => `${name}=${value}`)
  const words = ['--method', method]
  if (method === 'tools/call') words.push('--tool-name', String(params.name), ...flagged('--tool-arg', pairs))
  if (method === 'prompts/get') words.push('--prompt-name', String(params.name), ...flagged('--prompt-args', pairs))
  if (method === 'resources/read') words.push('--uri', String(params.uri))
  return words
}

function flagged(flag: string, pairs: readonly string[]): string[] {
  return pairs.flatMap((pair) => [flag, pair])
}

/** A refusal of the server is an answer; anything else that ends it with a status is not. */
async function inspectorAnswer(command: readonly [string, ...string[]]): Promise<Answer> {
  const { status, out, err } = await ended(command)
  const printed = out.trim() === '' ? undefined : (JSON.parse(out) as { result?: unknown })
  if (printed?.result !== undefined) return { result: printed.result }
  const said = /\{.*\}/s.exec(err)?.[0]
  const error =
    said === undefined ? undefined : (JSON.parse(said) as { error?: { message: string; code?: string } }).error
  if (error === undefined || status === 4) throw new Error(`the inspector ended with status ${status}: ${last(err)}`)
  return { error: { message: error.message } }
}

/** Steps of a list that our own commands do, each a process of its own. */
const commandSteps = 4

/** `gatehouse tools list` and `gatehouse call`, which find out the era by themselves, each time. */
function commands(): PeerClient {
  const program = [process.execPath, join(root, 'bin/gatehouse')] as const
  return {
    name: 'gatehouse',
    version: '0.1.0',
    mode: 'auto',
    async run(_, url, steps) {
      const {
        revision,
        server_info: server,
        tools,
      } = JSON.parse(await output([...program, 'tools', 'list', '--url', url, '--format', 'json'])) as {
        revision: string
        server_info?: { name: string }
        tools: { definition: { _meta?: object } }[]
      }
      // Which server a tool is of is told by a gateway alone, when it is asked as here.
      const definitions = tools.map(({ definition: { _meta, ...definition } }) => definition)
      const answers: Answer[] = []
      for (const { method, params } of steps.slice(0, commandSteps)) {
        const called = async () => callAnswer([...program, 'call', String(params.name), '--url', url], params.arguments)
        answers.push(method === 'tools/list' ? { result: { tools: definitions } } : await called())
      }
      return { revision, ...(server !== undefined && { server: server.name }), answers }
    },
  }
}

/** A tool that fails is an answer too; anything else that ends the command with a status is not. */
async function callAnswer(command: readonly [string, ...string[]], values: unknown): Promise<Answer> {
  const words = Object.entries((values ?? {}) as object).map(([name, value]) => `${name}:=${JSON.stringify(value)}`)
  const { status, out, err } = await ended([...command, '--format', 'json', ...flagged('--arg', words)])
  if (out.trim() !== '') return { result: JSON.parse(out) as unknown }
  if (status !== 1) throw new Error(`\`gatehouse call\` ended with status ${status}: ${last(err)}`)
  return { error: { message: (JSON.parse(err) as { error: { message: string } }).error.message } }
}

async function output(command: readonly [string, ...string[]]): Promise<string> {
  const { status, out, err } = await ended(command)
  if (status === 0) return out
  throw new Error(`the client ended with status ${status}: ${last(err)}`)
}

function last(words: string): string {
  return words.trim().slice(-wordsMax)
}

async function ended([file, ...words]: readonly [string, ...string[]]): Promise<{
  status: number | null
  out: string
  err: string
}> {
  const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: clientMsMax })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, out, err }
}
