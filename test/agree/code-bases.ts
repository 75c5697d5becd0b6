/**
 * Code bases that are not ours, as tests read them: folders named by `GATEHOUSE_TEST_REGO_CODE`, several joined by `:`. Nothing of them is kept here;
 * where the variable is not set, tests that need them say so and are skipped.
 */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export interface CodeBase {
  readonly name: string
  readonly folder: string
  /** Text of every `.rego` file by its path below the folder, ascending. */
  readonly modules: Readonly<Record<string, string>>
}

const variable = 'GATEHOUSE_TEST_REGO_CODE'

/** Why there is nothing to read; undefined where there is. */
export const noCodeBases = process.env[variable] === undefined ? `${variable} names no folders` : undefined

export function readCodeBases(): readonly CodeBase[] {
  const folders = (process.env[variable] ?? '').split(':').filter((folder) => folder !== '')
  return folders.map((folder) => {
    const names = globSync('**/*.rego', { cwd: folder }).sort()
    const modules = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
    return { name: basename(folder), folder, modules }
  })
}
