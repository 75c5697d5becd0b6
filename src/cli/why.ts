/** `gatehouse why ID`: the whole story of one call, from its records in the decision log. */
import { findCall, isRecordId, nodeFiles, tellCall, visible } from '../record/index.ts'
import type { RunCommand } from './command.ts'
import { CommandError, exitStatus } from './io.ts'
import { asCommandError, logDirectory } from './tail.ts'

export const runWhy: RunCommand = async (options, io) => {
  const id = (options.operands[0] ?? '').toLowerCase()
  if (!isRecordId(id))
    throw new CommandError(
      `\`${visible(id.slice(0, 80))}\` is no id of a call; it is in the reply's \`Gatehouse-Decision\` and at the end of each line of \`gatehouse tail\``,
    )
  const directory = logDirectory(options, io)
  const stop = new AbortController()
  const forget = io.onInterrupt(() => stop.abort())
  try {
    const found = await findCall(id, { directory, files: nodeFiles, signal: stop.signal })
    if (found === undefined)
      throw new CommandError(`the log at \`${directory}\` has no call \`${id}\``, exitStatus.finding)
    const { decisionText, outcomeText } = found
    await io.out.write(
      options.text('format') === 'json'
        ? `{"decision":${decisionText},"outcome":${outcomeText ?? 'null'}}\n`
        : `${tellCall(found)}\n`,
    )
  } catch (cause) {
    throw asCommandError(cause, directory)
  } finally {
    forget()
  }
  return exitStatus.done
}
