/** `gatehouse erase SUBJECT`: deletes the key under which records hold what is encrypted for a subject. */
import { diskFiles, loadConfig, peekConfig } from '../config/index.ts'
import { openVault, VaultError } from '../vault/index.ts'
import type { Options, RunCommand } from './command.ts'
import { locateConfig } from './configuration.ts'
import { keysFolder } from './development.ts'
import { CommandError, exitStatus, type Io } from './io.ts'

export const runErase: RunCommand = async (options, io) => {
  const subject = options.operands[0] ?? ''
  const vault = openVault({
    directory: keysFolder(dataDirectory(options, io)),
    randomBytes: io.randomBytes,
    clock: io.clock,
  })
  try {
    if (!vault.erase(subject))
      throw new CommandError(
        'nothing is encrypted for this subject, or it was erased before; subjects are written as the policy writes them',
        exitStatus.finding,
      )
  } catch (cause) {
    throw cause instanceof VaultError ? new CommandError(cause.message) : cause
  } finally {
    vault.close()
  }
  const json = options.text('format') === 'json'
  await io.out.write(
    json ? '{"erased":true}\n' : 'erased: what records hold encrypted for this subject can be read no more\n',
  )
  return exitStatus.done
}

/** Where the configuration keeps its state. Throws what is wrong with the configuration. */
export function dataDirectory(options: Options, io: Io): string {
  const { file, overrides } = locateConfig(options, io)
  const peeked = peekConfig(file, diskFiles, overrides)
  if (peeked !== undefined) return peeked.dataDirectory
  // What is wrong is said as everywhere: this throws it.
  const ports = { environment: io.environment, files: diskFiles, developmentIssuer: undefined }
  return loadConfig(file, ports, overrides).dataDirectory
}
