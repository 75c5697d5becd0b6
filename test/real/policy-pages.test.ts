/**
 * The pages about policies as a reader follows them: their files in a folder of their own, every command in a box run there by bash, as written, with
 * the output that the page shows. Where `opa` is installed, its commands run too, and those beside each other print the same.
 */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { elementsMax, textLengthMax } from '../../src/rego/builtins/limits.ts'
import { defaultLimits } from '../../src/rego/index.ts'
import { depthMax } from '../../src/rego/visits.ts'
import { run } from '../support/command.ts'
import { findOpa } from '../support/opa.ts'
import { commandsOf, filesOf, pairsOf, writeFiles } from '../support/pages.ts'
import { root, textOf } from '../support/sources.ts'

const opa = findOpa()

/** The two programs by the names that the pages call them by. */
const programs = `npx() { shift; "$NODE" "$ROOT/bin/gatehouse" "$@"; }; opa() { command "$OPA" "$@"; }; node() { "$NODE" "$@"; };`

function shell(cwd: string, command: string): ReturnType<typeof run> {
  const env = { PATH: process.env.PATH, NODE: process.execPath, ROOT: root, OPA: opa }
  return run(['bash', '-c', `${programs} ${command}`], { cwd, env })
}

/** What a command prints without the times that it took. */
function timeless(printed: string): string {
  return printed.replace(/\((?:[\d.]+(?:ns|µs|ms|s))\)/g, '(a time)').replace(/"duration": \d+/g, '"duration": 0')
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** A folder with the files of a page, and the policies that ship beside them. */
function folderOf(page: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-page-'))
  folders.push(folder)
  symlinkSync(join(root, 'policies'), join(folder, 'policies'))
  const engine = pathToFileURL(join(root, 'src/rego/index.ts')).href
  const own = Object.entries(filesOf(page)).filter(([path]) => !path.startsWith('policies/'))
  writeFiles(
    folder,
    Object.fromEntries(own.map(([path, text]) => [path, text.replace(`'gatehouse/rego'`, `'${engine}'`)])),
  )
  return folder
}

describe.each(['policies/README.md', 'docs/rego.md'])('%s', (name) => {
  const page = textOf(name)
  const folder = folderOf(page)
  const commands = commandsOf(page).filter(({ command }) => opa !== undefined || !command.startsWith('opa '))
  // What OPA has built is not there to be read without it.
  const runnable = commands.filter(({ command }) => opa !== undefined || !command.includes('bundle.tar.gz'))

  it('shows commands', () => expect(runnable.length).toBeGreaterThan(3))

  it.each(runnable)('$command', async ({ command, printed }) => {
    // As on a terminal, where both streams come together.
    const { out } = await shell(folder, `exec 2>&1; ${command}`)
    expect(timeless(out)).toBe(timeless(printed))
  })
})

describe.skipIf(opa === undefined)('the commands of docs/rego.md beside each other', () => {
  const page = textOf('docs/rego.md')
  const folder = folderOf(page)

  it.each(pairsOf(page))('$theirs', async ({ theirs, ours }) => {
    const [wanted, found] = [await shell(folder, theirs), await shell(folder, ours)]
    expect({ ...found, out: timeless(found.out) }).toEqual({ ...wanted, out: timeless(wanted.out) })
    expect(ours.replace(/^npx gatehouse/, 'opa')).toBe(theirs)
  })
})

describe('the bounds on docs/rego.md', () => {
  const bounds = [...textOf('docs/rego.md').matchAll(/^\| .+ \| ([\d,]+) \|$/gm)].map(([, number = '']) =>
    Number(number.replaceAll(',', '')),
  )

  it('are those that hold', () => {
    const { stepsMax, resultValuesMax, waitsMax } = defaultLimits
    expect(bounds).toEqual([stepsMax, resultValuesMax, depthMax, textLengthMax, elementsMax, waitsMax])
  })
})
