/** OPA's Go library, by the small program in `go-library/`: built for the run, asked over its standard input and output. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { output } from '../machine.ts'
import { type Engine, Missing, queryOf, type Setting } from './engine.ts'

interface Reply {
  readonly answers?: readonly unknown[]
  readonly decisions: number
  readonly cpu_us: number
}

/** `values`: Go maps and slices as `encoding/json` makes them; `parsed`: syntax trees in input and store, the library's best case. */
export async function startGoLibrary({ folder, cases }: Setting, form: 'values' | 'parsed'): Promise<Engine> {
  const program = build(folder)
  const file = join(folder, 'go-cases.json')
  if (!existsSync(file))
    writeFileSync(file, JSON.stringify(cases.map((of) => ({ ...of, query: queryOf(of), bytes: [] }))))
  const child = spawn(program, [file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)

  const ask = async (request: object): Promise<Reply> => {
    child.stdin.write(`${JSON.stringify({ ...request, parsed: form === 'parsed' })}\n`)
    const { value, done } = await lines.next()
    if (done === true) throw new Error('the Go program ended before it answered')
    return JSON.parse(value) as Reply
  }
  return {
    async answers({ name }) {
      return (await ask({ case: name })).answers ?? []
    },
    async slice({ name }, ms) {
      const { cpu_us, decisions } = await ask({ case: name, ms })
      return cpu_us / decisions
    },
    async end() {
      const exit = once(child, 'exit')
      child.stdin.end()
      await exit
      process.off('exit', kill)
    },
  }
}

function build(folder: string): string {
  const program = join(folder, 'go-library')
  if (existsSync(program)) return program
  if (output('go', ['version']) === undefined) throw new Missing('there is no `go` command on PATH')
  const source = join(import.meta.dirname, 'go-library')
  const { status, stderr } = spawnSync('go', ['build', '-C', source, '-o', program, '.'], { encoding: 'utf8' })
  if (status !== 0) throw new Missing(`\`go build\` failed in bench/rego/go-library: ${stderr.trim().split('\n')[0]}`)
  return program
}
