/** Files that somebody names on a command line: read whole, or refused in the words in which the configuration refuses its own. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { unreadable, visible } from '../model/index.ts'
import { CommandError } from './io.ts'

/**
 * All bytes of `file`, which stands relative to `directory`; `what` says what it should hold (`the key`). A pipe is a file here, so that a
 * secret need not lie on a disk. Throws `CommandError`.
 */
export function readNamed(file: string, what: string, directory: string): Buffer {
  try {
    return readFileSync(resolve(directory, file))
  } catch (cause) {
    const { message, fix } = unreadable(visible(file), cause)
    throw new CommandError(`${what}: ${message}; ${fix}`)
  }
}
