/** Many generated programs on both sides: what differed, and how often everything that can be reached was. */
import { acceptedAs } from './accepted.ts'
import { type Answer, essence } from './answer.ts'
import type { Oracle } from './oracle.ts'
import { agreedOtherwise } from './other-questions.ts'
import { ourAnswer } from './ours.ts'
import { type Generated, makeGenerator } from './program.ts'
import type { Difference } from './shrink.ts'

export interface Outcome {
  readonly differences: readonly Difference[]
  /** Times that both sides agreed on a program with one of a kind: `statement:every`, `rule:else`, `mistake:arity`. */
  readonly kinds: ReadonlyMap<string, number>
  /** Times that a call of a builtin had a value on both sides. */
  readonly builtins: ReadonlyMap<string, number>
  /** Times that OPA answered with a value, with nothing (`undefined`), or with an error code. */
  readonly answers: ReadonlyMap<string, number>
  /** Times that a difference was one that is meant. */
  readonly accepted: ReadonlyMap<string, number>
}

/** Programs that OPA works on while ours is asked: it has a process, and with it a core, of its own. */
const ahead = 32

/** Runs `programs` programs of `seed`; `stopAt` differences end it early. */
export async function runCampaign(oracle: Oracle, seed: number, programs: number, stopAt = 50): Promise<Outcome> {
  const next = makeGenerator(seed)
  const tally = new Tally()
  const asked: { readonly generated: Generated; readonly theirs: Promise<Answer> }[] = []
  for (let made = 0, done = 0; done < programs && tally.differences.length < stopAt; done++) {
    for (; made < programs && made < done + ahead; made++) {
      const generated = next()
      asked.push({ generated, theirs: oracle.ask(generated.program) })
    }
    const first = asked.shift()
    if (first === undefined) break
    const { generated } = first
    const ours = ourAnswer(generated.program)
    const theirs = await first.theirs
    const difference = { program: generated.program, ours, theirs }
    if (essence(ours) === essence(theirs)) tally.agreed(generated, theirs)
    else tally.differed(difference, acceptedAs(difference) ?? (await agreedOtherwise(difference, generated, oracle)))
  }
  return tally
}

class Tally implements Outcome {
  readonly differences: Difference[] = []
  readonly kinds = new Map<string, number>()
  readonly builtins = new Map<string, number>()
  readonly answers = new Map<string, number>()
  readonly accepted = new Map<string, number>()

  agreed({ used, probes }: Generated, theirs: Answer): void {
    const said =
      theirs.kind === 'errors' ? (theirs.errors[0]?.code ?? '') : theirs.rows.length > 0 ? 'a value' : 'undefined'
    add(this.answers, said)
    const compiled = !said.startsWith('rego_')
    for (const kind of used) if (compiled || kind.startsWith('mistake:')) add(this.kinds, kind)
    const [row] = theirs.kind === 'rows' ? theirs.rows : []
    const rules = (row as { readonly x?: object } | undefined)?.x ?? {}
    for (const [rule, builtin] of probes) if (Object.hasOwn(rules, rule)) add(this.builtins, builtin)
  }

  differed(difference: Difference, meant: string | undefined): void {
    if (meant === undefined) this.differences.push(difference)
    else add(this.accepted, meant)
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
