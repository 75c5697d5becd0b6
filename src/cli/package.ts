/** The package this file belongs to: a checkout, where sources run as they are, or an installed build of it. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** True where TypeScript runs as written; Node strips no types under `node_modules`, so the package carries JavaScript. */
const isCheckout = import.meta.filename.endsWith('.ts')

/** Absolute folder of `package.json`. */
const packageFolder = folderAbove(import.meta.dirname)

/** The configuration that runs where there is none. */
export const embeddedConfig = join(packageFolder, 'gatehouse.yaml')

/** The program of the procurement services that development mode starts. */
export const procurementProgram = isCheckout
  ? join(packageFolder, 'examples/procurement/main.ts')
  : join(packageFolder, 'dist/examples/procurement/main.js')

/** Version of Gatehouse, as `package.json` has it. */
export function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
  return version
}

function folderAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error('the package of gatehouse is not complete: `package.json` is missing')
  return folderAbove(parent)
}
