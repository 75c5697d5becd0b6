/** `gatehouse why ID`: the whole story of one call, from its records in the decision log. */
import { findCall, isRecordId, nodeFiles, tellCall, visible } from '../record/index.ts'
import { openVault, VaultError } from '../vault/index.ts'
import type { Options, RunCommand } from './command.ts'
import { keysFolder } from './development.ts'
import { dataDirectory } from './erase.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { revealed } from './reveal.ts'
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
    if (options.text('format') !== 'json' && options.is('reveal'))
      throw new CommandError(
        '`--reveal` shows what records hold encrypted, which only `--format json` prints; write both',
      )
    const show = options.is('reveal') ? revealer(options, io) : (line: string) => line
    await io.out.write(
      options.text('format') === 'json'
        ? `{"decision":${show(found.decisionText)},"outcome":${show(found.outcomeText ?? 'null')}}\n`
        : `${tellCall(found)}\n`,
    )
  } catch (cause) {
    throw asCommandError(cause, directory)
  } finally {
    forget()
  }
  return exitStatus.done
}

function revealer(options: Options, io: Io): (line: string) => string {
  const directory = keysFolder(dataDirectory(options, io))
  return (line) => {
    const vault = openVault({ directory, randomBytes: io.randomBytes, clock: io.clock })
    try {
      return revealed(line, vault)
    } catch (cause) {
      throw cause instanceof VaultError ? new CommandError(cause.message) : cause
    } finally {
      vault.close()
    }
  }
}
