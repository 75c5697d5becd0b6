/** The words behind `npm run bench -- NAME`: read in one way for all benchmarks, so that what one does not know is an error of every one. */
import { parseArgs } from 'node:util'

/** Words that a benchmark does not take: nothing was measured. */
export class WrongOptions extends Error {
  override readonly name = 'WrongOptions'
}

export interface RunOptions<Name extends string> {
  /** Fewer and shorter rounds: to see that it works, not to quote. */
  readonly quick: boolean
  /** Puts the tables into bench/README.md. */
  readonly write: boolean
  /** Writes the rows to this file. */
  readonly json: string | undefined
  /** In the order of the benchmark, whatever order they were named in. */
  readonly only: readonly Name[]
}

/** What is measured: `what` is the word for one of `names`. */
export interface Choice<Name extends string> {
  readonly what: string
  readonly names: readonly Name[]
}

/** `--quick`, `--write`, `--json FILE`, and `--only NAME,...` where there is a choice. Throws `WrongOptions`. */
export function readOptions<Name extends string = never>(
  args: readonly string[],
  choice?: Choice<Name>,
): RunOptions<Name> {
  const { only, ...values } = parsed(args)
  if (choice === undefined && only !== undefined) throw new WrongOptions('`--only`: there is nothing to choose from')
  const { what = '', names = [] } = choice ?? {}
  const wanted = only?.split(',') ?? names
  const unknown = wanted.find((name) => !names.some((known) => known === name))
  if (unknown !== undefined) throw new WrongOptions(`there is no ${what} \`${unknown}\`; there are ${names.join(', ')}`)
  return { ...values, only: names.filter((name) => wanted.includes(name)) }
}

/** The one word of a benchmark that takes a number, above 0 and up to `max`. Throws `WrongOptions`. */
export function readNumber(
  args: readonly string[],
  { what, standard, max }: { readonly what: string; readonly standard: number; readonly max: number },
): number {
  const [word = String(standard), more] = args
  const number = Number(word)
  if (more !== undefined || !(number > 0 && number <= max))
    throw new WrongOptions(`\`${args.join(' ')}\` is no number of ${what} up to ${max}`)
  return number
}

function parsed(args: readonly string[]): Omit<RunOptions<never>, 'only'> & { readonly only: string | undefined } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        json: { type: 'string' },
        only: { type: 'string' },
      },
    })
    return { ...values, json: values.json, only: values.only }
  } catch (cause) {
    throw new WrongOptions(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
