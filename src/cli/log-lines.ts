/** The decision log as the operators' port shows it: a query, with the names of `tail`'s flags, becomes the lines it asks for. */
import type { LogLine, ReadLines } from '../control/index.ts'
import type { Clock, Log } from '../model/index.ts'
import { type LogFiles, type ReadOptions, readLog } from '../record/index.ts'
import { CommandError } from './io.ts'
import { type Question, questionNames, questionOf } from './log-question.ts'
import { pause } from './pause.ts'

export interface LogLinesPorts {
  readonly directory: string
  readonly files: LogFiles
  readonly clock: Clock
  readonly log: Log
}

/** Beside the names of a question there is `follow`: `no` ends after what is there; `yes` is what it is without it. */
export function makeLogLines(ports: LogLinesPorts): ReadLines {
  const { clock, log, ...where } = ports
  return (query, signal) => {
    const unknown = [...query.keys()].find(
      (name) => name !== 'follow' && !questionNames.some((known) => known === name),
    )
    if (unknown !== undefined)
      return { refusal: `there is no \`${unknown}\`; there is ${questionNames.join(', ')} and follow` }
    const twice = [...query.keys()].find((name) => name !== 'where' && query.getAll(name).length > 1)
    if (twice !== undefined) return { refusal: `\`${twice}\` may come once` }
    const follow = query.get('follow') ?? 'yes'
    if (follow !== 'yes' && follow !== 'no') return { refusal: '`follow` takes `yes` or `no`' }
    let question: Question
    try {
      question = questionOf(
        { one: (name) => query.get(name) ?? undefined, all: (name) => query.getAll(name) },
        clock.nowMs(),
      )
    } catch (cause) {
      if (cause instanceof CommandError) return { refusal: cause.message }
      throw cause
    }
    return lines({
      ...where,
      ...question,
      follow: follow === 'yes',
      signal,
      pause: (ms) => pause(clock, ms, signal),
      unreadable: (path, position) => log.warn({ path, position }, 'a line of the log is no record and is left out'),
    })
  }
}

async function* lines(options: ReadOptions): AsyncGenerator<LogLine, void, undefined> {
  for await (const { record, text } of readLog(options)) yield { seq: record.seq, text }
}
