/**
 * `npm run peers -- [--direct] [--server NAME] [--client NAME]`: real clients of three languages, the inspector and `gatehouse call` against real servers of
 * three languages, each pair directly and through Gatehouse, with the same answers. Prints a line a pair with the era that they agreed
 * on and how many calls were answered; a pair that is refused quotes the specification. Exit status 0: every pair came out as cells.ts
 * lists it; 1: one did not; 2: the arguments.
 */
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort, start } from '../../../../bench/processes.ts'
import { startGateway } from '../gateway.ts'
import { goPrograms, nodePackages, python } from '../packages/install.ts'
import { cells, type Outcome } from './cells.ts'
import { type PeerClient, peerClients } from './clients.ts'
import { type Came, differs, wrongWith } from './compare.ts'
import { type PeerServer, type Places, peerServers } from './servers.ts'
import type { Told } from './steps.ts'

const { values } = parseArgs({
  options: { direct: { type: 'boolean', default: false }, server: { type: 'string' }, client: { type: 'string' } },
})
const servers = peerServers.filter(({ name }) => values.server === undefined || name === values.server)
const clients = peerClients.filter(({ name }) => values.client === undefined || name === values.client)
if (servers.length === 0 || clients.length === 0) {
  process.stderr.write('usage: npm run peers -- [--direct] [--server NAME] [--client NAME]\n')
  process.exit(2)
}

const node = mkdtempSync(join(tmpdir(), 'gatehouse-peers-'))
let wrong = 0
try {
  // Packages are looked up from where a program is: those that need the cache's stand beside them.
  symlinkSync(join(await nodePackages(), 'node_modules'), join(node, 'node_modules'))
  for (const name of ['server-v1.mjs', 'client-v1.mjs'])
    copyFileSync(join(import.meta.dirname, 'programs', name), join(node, name))
  const places: Places = { node, python: await python(), go: await goPrograms() }
  for (const server of servers) wrong += await row(server, places)
} finally {
  rmSync(node, { recursive: true, force: true })
}
process.stdout.write(`${servers.length} servers, ${clients.length} clients: ${wrong} pairs are wrong\n`)
process.exitCode = wrong === 0 ? 0 : 1

/** How many pairs of a server are wrong. */
async function row(server: PeerServer, places: Places): Promise<number> {
  const port = await freePort()
  const [command, ...args] = server.command(places, port)
  const running = await start({ command, args, port, env: server.env?.(port) ?? {} })
  let bad = 0
  try {
    const url = `http://127.0.0.1:${port}${server.path}`
    const reference = await peerClients[0]?.run(places, url, server.steps, {})
    if (reference === undefined) throw new Error('there is no client')
    const gateway = values.direct ? undefined : await startGateway({ url })
    try {
      for (const client of clients) {
        const came = await run(client, server, places, url)
        const through = gateway === undefined ? undefined : await run(client, server, places, gateway.url)
        if (!tell(server, client, reference, came, through)) bad += 1
      }
    } finally {
      await gateway?.end()
    }
  } finally {
    await running.end()
  }
  return bad
}

function run(client: PeerClient, server: PeerServer, places: Places, url: string): Promise<Came> {
  return client
    .run(places, url, server.steps, {})
    .catch((cause: unknown): Came => ({ failed: cause instanceof Error ? cause.message : String(cause) }))
}

/** Prints the line of a pair; whether it came out as listed. */
function tell(
  server: PeerServer,
  client: PeerClient,
  reference: Told,
  direct: Came,
  through: Came | undefined,
): boolean {
  const expected = cells[server.name]?.[`${client.name} ${client.mode}`]
  const judged = (came: Came, way: 'direct' | 'gatehouse') =>
    wrongWith(came, expected, server.steps, reference, server.conditionalTools ?? [], way)
  const wrongDirectly = judged(direct, 'direct')
  // In what words a pair is refused is not compared: Gatehouse uses those of the specification.
  const answered = typeof expected !== 'object'
  const wrongThrough =
    through && (judged(through, 'gatehouse') ?? (answered ? differs(direct, through, server.steps) : undefined))
  const problem = wrongDirectly ?? wrongThrough
  const where = wrongDirectly === undefined ? 'through Gatehouse ' : ''
  const pair = `${`${server.name} ${server.version}`.padEnd(24)} ${`${client.name} ${client.version} ${client.mode}`.padEnd(28)}`
  const came = through === undefined ? summary(expected, direct) : summary(expected, direct, through)
  process.stdout.write(`${pair} ${problem === undefined ? came : `WRONG ${where}${problem}`}\n`)
  return problem === undefined
}

function summary(expected: Outcome | undefined, ...ways: readonly Came[]): string {
  if (typeof expected === 'object') return `refused: "${expected.refused}"`
  const counts = ways.map((came) => ('failed' in came ? 0 : came.answers.length))
  return `${expected}  ${counts.join(' + ')} calls`
}
