/** The process of an HTTP receiver, and its journal. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Received, Receiver } from './receiver.ts'
import { freePort, startServer } from './server.ts'

export async function httpReceiver(
  kind: string,
  journal: string,
  key: string,
  parse: (line: string) => Received,
): Promise<Omit<Receiver, 'settings'> & { readonly port: number }> {
  const port = await freePort()
  const program = join(import.meta.dirname, 'http-server.ts')
  const server = await startServer({
    command: process.execPath,
    args: [program, String(port), journal, kind, key],
    port,
  })
  return {
    ...server,
    port,
    async received() {
      const text = existsSync(journal) ? readFileSync(journal, 'utf8') : ''
      return text.split('\n').slice(0, -1).map(parse)
    },
    close: () => server.kill(),
  }
}
