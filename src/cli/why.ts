/** `gatehouse why ID`: the whole story of one call, from its records in the decision log. */
import { tellCall } from '../record/index.ts'
import { proofOfCall } from './call-proof.ts'
import type { RunCommand } from './command.ts'
import { CommandError, exitStatus } from './io.ts'
import { jsonFor } from './json-output.ts'
import { recordedCall, revealer } from './recorded-call.ts'
import { logDirectory } from './tail.ts'

export const runWhy: RunCommand = async (options, io) => {
  const found = await recordedCall((options.operands[0] ?? '').toLowerCase(), options, io)
  if (options.text('format') !== 'json' && options.is('reveal'))
    throw new CommandError(
      '`--reveal` shows what records hold encrypted, which only `--format json` prints; write both',
    )
  if (options.text('format') === 'json') {
    const show = options.is('reveal') ? revealer(options, io) : (line: string) => line
    const both = `{"decision":${show(found.decisionText)},"outcome":${show(found.outcomeText ?? 'null')}}`
    await io.out.write(`${jsonFor(io.out, both)}\n`)
    return exitStatus.done
  }
  const { says, holds } = await proofOfCall(found, logDirectory(options, io))
  await io.out.write(`${tellCall(found, says)}\n`)
  return holds ? exitStatus.done : exitStatus.finding
}
