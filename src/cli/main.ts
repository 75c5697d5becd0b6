/** The command line: reads words and environment once, runs the command they name, and turns what went wrong into words. */
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import type { ConfigErrors } from '../config/index.ts'
import { Flaws, rawNumber } from '../model/index.ts'
import { systemClock } from './clock.ts'
import type { RunCommand } from './command.ts'
import { type CommandName, commands } from './commands.ts'
import { helpJson, helpText } from './help.ts'
import { CommandError, exitStatus, type Io, OutputClosed } from './io.ts'
import { jsonFor } from './json-output.ts'
import { asksForJson, parseWords } from './options.ts'
import { outputTo } from './output.ts'

/** Imported only when it runs, so that each command starts as fast as it can. */
const runners: { readonly [name in Exclude<CommandName, 'help'>]: () => Promise<RunCommand> } = {
  start: async () => (await import('./start.ts')).runStart,
  eval: async () => (await import('./eval.ts')).runEval,
  test: async () => (await import('./test.ts')).runTests,
  token: async () => (await import('./token.ts')).runToken,
  audit: async () => (await import('./audit.ts')).runAudit,
  tail: async () => (await import('./tail.ts')).runTail,
  erase: async () => (await import('./erase.ts')).runErase,
  sinks: async () => (await import('./sinks.ts')).runSinks,
  tools: async () => (await import('./tools.ts')).runTools,
  call: async () => (await import('./call.ts')).runCall,
  why: async () => (await import('./why.ts')).runWhy,
  check: async () => (await import('./check.ts')).runCheck,
  explain: async () => (await import('./explain.ts')).runExplain,
  fmt: async () => (await import('./fmt.ts')).runFmt,
  parse: async () => (await import('./parse.ts')).runParse,
  version: async () => (await import('./version.ts')).runVersion,
  completion: async () => (await import('./completion.ts')).runCompletion,
}

/** Milliseconds between two looks at the parent: a look is one system call. */
const parentLookMs = 500

/** Runs this process's command line. Sets `process.exitCode`; never rejects. */
export async function main(): Promise<void> {
  const io: Io = {
    input: { bytes: () => buffer(process.stdin) },
    out: outputTo(process.stdout),
    err: outputTo(process.stderr),
    environment: process.env,
    directory: process.cwd(),
    clock: systemClock,
    randomBytes: (count) => randomBytes(count),
    pause: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined),
    onInterrupt(listener) {
      const onSignal = (signal: NodeJS.Signals): void => listener(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM')
      process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
      const forgetParent = process.env.npm_command === undefined ? undefined : onParentGone(() => listener('SIGTERM'))
      return () => {
        process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
        forgetParent?.()
      }
    },
  }
  process.exitCode = await runWords(process.argv.slice(2), io)
}

/**
 * `npx` runs a command in a shell that does not pass signals on: whoever ends `npx` ends the shell and would leave the gateway
 * behind, with its ports and its log. So under npm the end of the parent counts as SIGTERM.
 */
function onParentGone(gone: () => void): () => void {
  const parent = process.ppid
  const forget = systemClock.every(parentLookMs, () => {
    if (process.ppid === parent) return
    forget()
    gone()
  })
  return forget
}

/** Runs `words`, the command line without the program, and gives the exit status. Never rejects. */
export async function runWords(words: readonly string[], io: Io): Promise<number> {
  try {
    const parsed = parseWords(words, commands)
    if (parsed.kind === 'help') {
      await io.out.write(asksForJson(words) ? helpJson(parsed.command) : helpText(parsed.command))
      return exitStatus.done
    }
    // INVARIANT: words that name `help` are parsed as help; every other row of the table has a runner.
    const run = await runners[parsed.command.name as keyof typeof runners]()
    return await run(parsed.options, io)
  } catch (cause) {
    if (cause instanceof OutputClosed) return exitStatus.done
    const { status, text, facts } = await wordsOf(cause)
    // Nobody may be left to read it.
    const written = asksForJson(words) ? jsonFor(io.err, `${errorJson({ status, ...facts })}\n`) : text
    await io.err.write(written).catch(() => undefined)
    return status
  }
}

/** Facts may be of others: integers beyond 2^53 are written as they are. */
function errorJson(error: { readonly [name: string]: unknown }): string {
  return JSON.stringify({ error }, (_key, one: unknown) => (typeof one === 'bigint' ? rawNumber(one.toString()) : one))
}

/** What went wrong: as text for people, as facts for programs. */
async function wordsOf(
  cause: unknown,
): Promise<{ status: number; text: string; facts: { readonly [name: string]: unknown } }> {
  if (cause instanceof CommandError) {
    const { status, message, facts } = cause
    return { status, text: `gatehouse: ${message}\n`, facts: { message, ...facts } }
  }
  if (cause instanceof Flaws || isConfigErrors(cause)) {
    const { countText, wrongsOf, wrongText } = await import('./wrong.ts')
    const errors = wrongsOf(cause)
    const message = `the configuration cannot be used: ${countText(errors.length)}`
    return {
      status: exitStatus.usage,
      text: `${wrongText(cause)}\n\ngatehouse: ${message}\n`,
      facts: { message, errors },
    }
  }
  // A bug of ours: the stack helps whoever is told of it.
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  const message = 'this is a mistake of the program; please report it with these lines'
  return { status: exitStatus.finding, text: `gatehouse: ${message}\n${stack}\n`, facts: { message, stack } }
}

/** By its name: commands that read no configuration must not wait for the room that does. */
function isConfigErrors(cause: unknown): cause is ConfigErrors {
  return cause instanceof Error && cause.name === 'ConfigErrors'
}
