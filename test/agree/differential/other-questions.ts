/**
 * Differences that only other questions can tell from bugs: each question takes one meant difference out of a program, so that the two sides agree on
 * what is left.
 */
import { acceptedAs } from './accepted.ts'
import { type Answer, essence } from './answer.ts'
import type { Oracle } from './oracle.ts'
import { ourAnswer } from './ours.ts'
import type { Generated, Program } from './program.ts'
import type { Difference } from './shrink.ts'

/** The name of the meant difference that a difference turns out to be when both sides are asked something else, too; undefined for a bug. */
export async function agreedOtherwise(
  difference: Difference,
  { probes }: Generated,
  oracle: Oracle,
): Promise<string | undefined> {
  const { program, ours, theirs } = difference
  if (essence(ours) === essence(await oracle.askAlone(program))) return 'an answer that hangs on what OPA did before'
  const agree = async (other: Program): Promise<Answer | undefined> => {
    const [mine, their] = [ourAnswer(other), await oracle.ask(other)]
    const isMeant = () => acceptedAs({ program: other, ours: mine, theirs: their }) !== undefined
    return essence(mine) === essence(their) || isMeant() ? mine : undefined
  }
  // OPA keeps the text of a number: `1e2` is no whole number to some of its builtins.
  const plain = withPlainNumbers(program)
  if (JSON.stringify(plain) !== JSON.stringify(program) && (await agree(plain)) !== undefined)
    return 'the text of a number'
  // Where OPA walks a base document, the key `1` also finds the field `"1"`, and the key `"1"` the element `1`.
  if ((await agree(withoutNumericKeys(program))) !== undefined) return 'a number and its text as the same key'
  // OPA files rules by their globs, and leaves out some whose glob matches.
  const unfiled = withSources(program, (source) => source.replace(/(glob\.match\([^()]*\))(?= \}|;)/g, '$1 == true'))
  if ((await agree(unfiled)) !== undefined) return 'a rule that the index of globs leaves out'
  // OPA rewrites queries less than bodies: `not x == y` is no answer where `x` is undefined, and some `with` say nothing.
  if (!isPlainQuery.test(program.query) && (await agree(asRule(program))) !== undefined)
    return 'a query that means something else as a body'
  // Both sides skip rules by an index and stop at the first answer, each in its own way, so that one alone may reach an error.
  const fault = [ours, theirs].flatMap((answer) => (answer.kind === 'errors' ? answer.errors : []))[0]
  if (fault === undefined || !fault.code.startsWith('eval_') || probes.size > 0) return undefined
  if (program.strict && (await agree({ ...program, strict: false })) !== undefined)
    return 'a builtin error that one side never reaches'
  // A function's second value comes after its first, and the first may be all that its caller needs.
  if (fault.message.startsWith('functions must not produce multiple outputs')) return 'an error after an early exit'
  const rule = ruleAt(program, fault.file, fault.row)
  if (rule === undefined) return undefined
  const asked = { ...program, query: `${rule} = x` }
  const [mine, other] = [ourAnswer(asked), await oracle.ask(asked)]
  if (essence(mine) === essence(other) && mine.kind === 'errors') return 'an error in a rule that one side never asks'
  // The parts of a body have no order: what fails first hides the error that stands in another part.
  const isNothing = (answer: Answer) =>
    answer.kind === 'rows' && ['rows ', 'rows {"x":{}}', 'rows {"x":[]}'].includes(essence(answer))
  if ((mine.kind === 'errors' && isNothing(other)) || (other.kind === 'errors' && isNothing(mine)))
    return 'an error in a body that fails elsewhere'
  return undefined
}

const isPlainQuery = /^data[\w.]*(?:\[k\])? = x$/

/** The program that has its query as the body of a rule. */
function asRule({ modules, query, ...rest }: Program): Program {
  return {
    ...rest,
    modules: { ...modules, 'asked.rego': `package asked\n\nanswer if { ${query} }\n` },
    query: 'data.asked.answer = x',
  }
}

const numberPattern = /(?<![\w."])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w"])/g

/** The program with every number written as its digits, where they are not too many. */
function withPlainNumbers(program: Program): Program {
  const plain = (text: string) =>
    text.replace(numberPattern, (number) => (Number.isSafeInteger(Number(number)) ? String(Number(number)) : number))
  const { input, data } = program
  return {
    ...withSources(program, plain),
    data: plain(data),
    ...(input === undefined ? {} : { input: plain(input) }),
  }
}

function withSources(program: Program, change: (source: string) => string): Program {
  const modules = Object.entries(program.modules).map(([file, source]) => [file, change(source)] as const)
  return { ...program, modules: Object.fromEntries(modules) }
}

function withoutNumericKeys(program: Program): Program {
  const rename = (json: string) => json.replace(/"(-?\d+(?:\.\d+)?)":/g, '"n$1":')
  const { data, input } = program
  return { ...program, data: rename(data), ...(input === undefined ? {} : { input: rename(input) }) }
}

/** The ref of the rule on a line, of which generated programs have one each; undefined for functions. */
function ruleAt({ modules }: Program, file: string, row: number): string | undefined {
  const source = modules[file] ?? ''
  const line = source.split('\n')[row - 1] ?? ''
  const name = /^(?:default )?(\w+)(?!\w*\()/.exec(line)?.[1]
  const pkg = /^package (\S+)/.exec(source)?.[1]
  return name === undefined || pkg === undefined ? undefined : `data.${pkg}.${name}`
}
