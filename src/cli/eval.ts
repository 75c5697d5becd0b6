/** `gatehouse eval QUERY`: the results of a query over policies, data and an input, with the flags and in the forms of `opa eval`. */
import { LoadErrors } from '../policy/index.ts'
import {
  type Answer,
  Coverage,
  Profile,
  type ProfiledRow,
  prepareAnswers,
  type RegoError,
  type TraceEvent,
  type TraceView,
  type Value,
  viewOf,
} from '../rego/index.ts'
import type { Options, RunCommand } from './command.ts'
import { makeDeadline } from './deadline.ts'
import { type Evaluated, formats } from './eval-formats.ts'
import { decoded, readInput } from './input-document.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { makeNetwork } from './network.ts'
import { allowedHosts, type Compiling, environmentOf, loadPolicies, readCompiling, timeoutMs } from './policy-work.ts'
import { checkProfileSort, reportedRows, wantsProfile } from './profile-report.ts'
import { problemsIn, problemsText } from './rego-problems.ts'
import { statistics, Timers, type Timings } from './timers.ts'

/** The statuses of `opa eval`: 1 is a finding of `--fail` and wrong usage, 2 that something is wrong. */
const status = { done: exitStatus.done, finding: 1, usage: 1, wrong: 2 } as const

export const runEval: RunCommand = async (options, io) => {
  checkUsage(options)
  const how = await readAll(options, io)
  const runs: Run[] = []
  for (let i = 0; i < Math.max(options.count('count') ?? 1, 1); i++) runs.push(await evaluate(how, options, io))
  const [first] = runs
  // INVARIANT: the loop runs at least once, and the table knows the formats.
  const format = formats[options.text('format') ?? 'json']
  if (first === undefined || format === undefined) throw new TypeError('a query that was not evaluated, or no format')
  const { out, err } = format({ ...first.evaluated, ...measured(runs, options) })
  await io.out.write(out)
  await io.err.write(err)
  if (first.isWrong) return status.wrong
  const isDefined = first.evaluated.answers.length > 0
  return (options.is('fail') && !isDefined) || (options.is('fail-defined') && isDefined) ? status.finding : status.done
}

/** What is read before anything is evaluated. */
interface Given {
  readonly query: string
  readonly input: Value | undefined
  readonly compiling: Compiling
}

interface Run {
  readonly evaluated: Evaluated
  readonly timings: Timings
  /** Empty where it is not asked for. */
  readonly profile: readonly ProfiledRow[]
  /** Something is wrong beyond errors of built-in functions that were asked for. */
  readonly isWrong: boolean
}

const contradictions = [
  ['stdin', 'stdin-input'],
  ['stdin-input', 'input'],
  ['fail', 'fail-defined'],
  ['show-builtin-errors', 'strict-builtin-errors'],
  ['coverage', 'explain'],
] as const

function checkUsage(options: Options): void {
  const wrong = (message: string): CommandError => new CommandError(message, status.usage)
  const hasQuery = options.operands.length > 0
  if (hasQuery && options.is('stdin')) throw wrong('specify query argument or `--stdin` but not both')
  if (!hasQuery && !options.is('stdin')) throw wrong('specify query argument or `--stdin`')
  for (const [one, other] of contradictions)
    if (options.list(one).length > 0 && options.list(other).length > 0)
      throw wrong(`specify \`--${one}\` or \`--${other}\` but not both`)
  checkProfileSort(options, status.usage)
  if (!wantsProfile(options)) return
  if (options.is('coverage')) throw wrong('specify `--profile` or `--coverage` but not both')
  if (viewAsked(options) !== undefined) throw wrong('specify `--profile` or `--explain` but not both')
}

async function readAll(options: Options, io: Io): Promise<Given> {
  const query = options.is('stdin')
    ? decoded(await io.input.bytes(), 'standard input', status.wrong)
    : (options.operands[0] ?? '')
  const input = await readInput(options, io, status.wrong)
  try {
    return { query, input, compiling: readCompiling(options, io, status.usage) }
  } catch (cause) {
    if (!(cause instanceof LoadErrors)) throw cause
    throw new CommandError(problemsText(cause.problems, ' during loading'), status.wrong)
  }
}

async function evaluate(given: Given, options: Options, io: Io): Promise<Run> {
  const timers = new Timers(io.clock)
  const builtinErrors: RegoError[] = []
  const printed: string[] = []
  const coverage = options.is('coverage') ? new Coverage() : undefined
  const profile = wantsProfile(options) ? new Profile(io.clock.monotonicMs) : undefined
  const view = viewAsked(options)
  const events: TraceEvent[] = []
  const run = (answers: readonly Answer[], wrong: Evaluated['problems']): Run => ({
    evaluated: {
      answers,
      problems: [...wrong, ...builtinErrors],
      ...(view !== undefined && { trace: viewOf(events, view) }),
      ...(coverage !== undefined && wrong.length === 0 && { coverage: coverage.report() }),
    },
    timings: timers.timings(),
    profile: profile?.rows() ?? [],
    isWrong: wrong.length > 0,
  })
  try {
    const answers = await answersTo(given, { options, io, timers, builtinErrors, printed, coverage, profile, events })
    return run(answers, [])
  } catch (cause) {
    const problems = problemsIn(cause)
    if (problems === undefined) throw cause
    return run([], problems)
  } finally {
    if (printed.length > 0) await io.err.write(`${printed.join('\n')}\n`)
  }
}

interface Work {
  readonly options: Options
  readonly io: Io
  readonly timers: Timers
  readonly builtinErrors: RegoError[]
  readonly printed: string[]
  readonly coverage: Coverage | undefined
  readonly profile: Profile | undefined
  readonly events: TraceEvent[]
}

/** Events of one evaluation that are kept: some 100 MB. */
const eventsMax = 500_000

function viewAsked(options: Options): TraceView | undefined {
  const view = options.text('explain')
  return view === undefined || view === 'off' ? undefined : (view as TraceView)
}

async function answersTo({ query, input, compiling }: Given, work: Work): Promise<readonly Answer[]> {
  const { options, io, timers, builtinErrors, printed, coverage, profile, events } = work
  const loaded = timers.time('load_files', () => loadPolicies(options, io))
  const text = (name: string): string | undefined => options.text(name)
  const timeout = timeoutMs(options, status.usage)
  const prepared = prepareAnswers({
    query,
    modules: loaded.modules,
    data: loaded.data as never,
    imports: options.list('import'),
    ...(text('package') === undefined ? {} : { package: text('package') as string }),
    ...compiling,
    strict: options.is('strict'),
    strictBuiltinErrors: options.is('strict-builtin-errors'),
    refuseConflicts: true,
    env: environmentOf(io),
    ports: makeNetwork(io, allowedHosts(compiling.capabilities)),
    print: (line) => printed.push(line),
    timed: (stage, run) => timers.time(stage, run),
    ...(timeout === undefined ? {} : { guard: makeDeadline(timeout, io.clock).guard }),
    ...(coverage === undefined ? {} : { coverage }),
    ...(profile === undefined ? {} : { profile }),
    ...(viewAsked(options) === undefined ? {} : { trace: (event) => keep(events, event) }),
    ...(options.is('show-builtin-errors') ? { builtinError: (error) => builtinErrors.push(error) } : {}),
  })
  return timers.time('query_eval', () => prepared.answers(input))
}

function keep(events: TraceEvent[], event: TraceEvent): void {
  if (events.length >= eventsMax)
    throw new CommandError(
      `evaluation is of more than ${eventsMax} steps, too many to show; ask for a smaller part of it`,
      status.wrong,
    )
  events.push(event)
}

function measured(runs: readonly Run[], options: Options): Pick<Evaluated, 'timings' | 'statistics' | 'profile'> {
  const [first] = runs
  const isProfiled = wantsProfile(options)
  if (first === undefined || !(options.is('metrics') || isProfiled)) return {}
  const times =
    runs.length === 1 ? { timings: first.timings } : { statistics: statistics(runs.map(({ timings }) => timings)) }
  if (!isProfiled) return times
  const profiles = runs.map(({ profile }) => profile)
  return { ...times, profile: reportedRows(profiles, options) }
}
