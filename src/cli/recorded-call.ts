/** One call of the decision log by its id, for the commands that tell about it, and what its records hold encrypted. */
import { visible } from '../model/index.ts'
import { type FoundCall, findCall, isRecordId, nodeFiles } from '../record/index.ts'
import { openVault, VaultError } from '../vault/index.ts'
import type { Options } from './command.ts'
import { keysFolder } from './development.ts'
import { dataDirectory } from './erase.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { goneText } from './removed.ts'
import { revealed } from './reveal.ts'
import { asCommandError, logDirectory } from './tail.ts'

/** `id` in lower case. Throws `CommandError`, with status 1 where the log has no such call. */
export async function recordedCall(id: string, options: Options, io: Io): Promise<FoundCall> {
  if (!isRecordId(id))
    throw new CommandError(
      `\`${visible(id.slice(0, 80))}\` is no id of a call; it is in the reply's \`Gatehouse-Decision\` and at the end of each line of \`gatehouse tail\``,
    )
  const directory = logDirectory(options, io)
  const stop = new AbortController()
  const forget = io.onInterrupt(() => stop.abort())
  try {
    const found = await findCall(id, { directory, files: nodeFiles, signal: stop.signal })
    if (found !== undefined) return found
    throw new CommandError(
      `the log at \`${directory}\` has no call \`${id}\`${await goneText(directory, { id })}`,
      exitStatus.finding,
    )
  } catch (cause) {
    throw asCommandError(cause, directory)
  } finally {
    forget()
  }
}

/** Gives the line of a record with what it holds encrypted in clear. Throws `CommandError` where the keys cannot be opened. */
export function revealer(options: Options, io: Io): (line: string) => string {
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
