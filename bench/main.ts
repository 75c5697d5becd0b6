/**
 * `npm run bench -- NAME [options]`: runs one benchmark. Each is a file of its own that exports `run(args)` and gives the
 * exit status; what a benchmark measures and how stands there.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { WrongOptions } from './options.ts'

/** What there is, with a line of help; the file is `NAME.ts` or `NAME/run.ts`. */
const benchmarks = {
  http: 'the path of a call beside its rivals [--quick] [--json FILE] [--write] [--only SUBJECT,...]',
  wire: 'the strict JSON parser beside JSON.parse [--quick] [--json FILE] [--write]',
  log: 'the decision log beside none and beside pino [--quick] [--json FILE] [--write]',
  formats: 'writing records in the formats of the sinks [SECONDS A FORMAT]',
  sinks:
    'every sink on a full log, and what four of them cost a call [--quick] [--json FILE] [--write] [--only KIND,...]',
  verify: 'verifying the decision log [RECORDS]',
  lists: 'filtering 1,000 tools by policy [--quick] [--json FILE] [--write]',
  mcp: 'calls and lists of tools, and idle streams, beside nginx and other MCP gateways [--quick] [--json FILE] [--write] [--only SUBJECT,...]',
  rego: 'the Rego engine beside its rivals [--quick] [--json FILE] [--write] [--only ENGINE,...]',
} as const

interface Benchmark {
  /** Exit status: 0 measured, 1 something was not as it should be. Throws `WrongOptions`. */
  run(args: readonly string[]): Promise<number>
}

const [name = '', ...args] = process.argv.slice(2)
process.exitCode = await main(name, args)

async function main(name: string, args: readonly string[]): Promise<number> {
  const file = [`${name}.ts`, `${name}/run.ts`].find((path) => existsSync(join(import.meta.dirname, path)))
  if (!Object.hasOwn(benchmarks, name) || file === undefined) {
    const list = Object.entries(benchmarks).map(([one, help]) => `  ${one.padEnd(8)} ${help}`)
    process.stderr.write(`usage: npm run bench -- NAME [options]\n${list.join('\n')}\n`)
    return 2
  }
  const benchmark = (await import(join(import.meta.dirname, file))) as Benchmark
  try {
    return await benchmark.run(args)
  } catch (cause) {
    process.stderr.write(`bench ${name}: ${cause instanceof Error ? cause.message : String(cause)}\n`)
    return cause instanceof WrongOptions ? 2 : 1
  }
}
