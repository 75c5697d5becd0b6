/** Files that are rotated as they grow: what was written is read from all of them, oldest first. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ReceiverKind, receivedLine } from './receiver.ts'

export const file: ReceiverKind = {
  kind: 'file',
  poison: { none: 'a file refuses no record' },
  serverless: 'a file has no server',
  async start(folder) {
    const name = 'decisions.jsonl'
    return {
      settings: { path: join(folder, name), size_max: '1MiB', keep: 1_000 },
      async received() {
        if (!existsSync(folder)) return []
        const numberOf = (one: string) => Number(one.slice(name.length + 1))
        const rotated = readdirSync(folder).filter((one) => one !== name && one.startsWith(name))
        const oldestFirst = [...rotated.sort((one, other) => numberOf(other) - numberOf(one)), name]
        const text = oldestFirst.map((one) =>
          existsSync(join(folder, one)) ? readFileSync(join(folder, one), 'utf8') : '',
        )
        return text.join('').split('\n').slice(0, -1).map(receivedLine)
      },
      kill: async () => undefined,
      restart: async () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      close: async () => undefined,
    }
  },
}
