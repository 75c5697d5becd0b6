/** `gatehouse why ID`: the whole story of one call, from its records in the decision log. */
import { tellCall } from '../record/index.ts'
import type { RunCommand } from './command.ts'
import { CommandError, exitStatus } from './io.ts'
import { jsonFor } from './json-output.ts'
import { recordedCall, revealer } from './recorded-call.ts'

export const runWhy: RunCommand = async (options, io) => {
  const found = await recordedCall((options.operands[0] ?? '').toLowerCase(), options, io)
  if (options.text('format') !== 'json' && options.is('reveal'))
    throw new CommandError(
      '`--reveal` shows what records hold encrypted, which only `--format json` prints; write both',
    )
  const show = options.is('reveal') ? revealer(options, io) : (line: string) => line
  await io.out.write(
    options.text('format') === 'json'
      ? `${jsonFor(io.out, `{"decision":${show(found.decisionText)},"outcome":${show(found.outcomeText ?? 'null')}}`)}\n`
      : `${tellCall(found)}\n`,
  )
  return exitStatus.done
}
