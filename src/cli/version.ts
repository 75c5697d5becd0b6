/** `gatehouse version`. */
import type { RunCommand } from './command.ts'
import { exitStatus } from './io.ts'
import { packageVersion } from './package.ts'

export const runVersion: RunCommand = async (options, { out }) => {
  const version = packageVersion()
  const facts = { gatehouse: version, node: process.versions.node, platform: `${process.platform}-${process.arch}` }
  await out.write(options.text('format') === 'json' ? `${JSON.stringify(facts)}\n` : `gatehouse ${version}\n`)
  return exitStatus.done
}
