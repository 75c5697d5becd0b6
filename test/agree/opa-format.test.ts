/**
 * `format` beside `opa fmt` 1.20.2: every module of OPA's suite, every policy and example of this project and every source of the table, same text.
 * The binary is `opa` on the path or the file that `OPA` names; where there is none the comparison is skipped.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { format, parse, printTree, RegoErrors } from '../../src/rego/index.ts'

const suite = process.env.REGO_CONFORMANCE ?? join(import.meta.dirname, '../../../shared/rego/conformance/v1')
const project = join(import.meta.dirname, '../..')
const opa = process.env.OPA ?? 'opa'

/** The version, or why there is nothing to compare with. */
function missing(): string | undefined {
  const { status, stdout, error } = spawnSync(opa, ['version'], { encoding: 'utf8' })
  if (error !== undefined || status !== 0) return `there is no \`${opa}\``
  const version = /^Version: (\S+)/m.exec(stdout)?.[1]
  return version === '1.20.2' ? undefined : `\`${opa}\` is ${version}, not 1.20.2`
}

/** Modules where the text of `opa fmt` says something else than the module, by what they contain. */
const differing = ['"foo", (2 in {"bar": 2}) in {"foo": true}']

function modulesOfSuite(): string[] {
  if (!existsSync(suite)) return []
  const files = readdirSync(suite).filter((name) => name.endsWith('.json'))
  return files.flatMap((name) => {
    const { cases } = JSON.parse(readFileSync(join(suite, name), 'utf8')) as { cases: { modules?: string[] }[] }
    return cases.flatMap(({ modules = [] }) => modules)
  })
}

function modulesOfProject(): string[] {
  const table = JSON.parse(readFileSync(join(project, 'test/cases/rego/format.json'), 'utf8')) as { source: string }[]
  const files = globSync(['policies/**/*.rego', 'examples/**/*.rego'], { cwd: project })
  return [...files.map((name) => readFileSync(join(project, name), 'utf8')), ...table.map(({ source }) => source)]
}

/** What `opa fmt` makes of each text; undefined for one that it refuses. One run, and one more for each that is refused. */
function formattedByOpa(texts: readonly string[]): (string | undefined)[] {
  const folder = mkdtempSync(join(tmpdir(), 'opa-format-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const nameOf = (i: number): string => `${String(i).padStart(6, '0')}.rego`
  const refused = new Set<number>()
  for (;;) {
    for (const [i, text] of texts.entries()) if (!refused.has(i)) writeFileSync(join(folder, nameOf(i)), text)
    const { status, stderr } = spawnSync(opa, ['fmt', '--write', folder], { encoding: 'utf8' })
    if (status === 0) break
    const index = Number(/(\d{6})\.rego/.exec(stderr)?.[1])
    expect(index, stderr).not.toBeNaN()
    refused.add(index)
    rmSync(join(folder, nameOf(index)))
  }
  return texts.map((_, i) => (refused.has(i) ? undefined : readFileSync(join(folder, nameOf(i)), 'utf8')))
}

function formatted(text: string): string | undefined {
  try {
    return format(text, 'x.rego')
  } catch (cause) {
    if (cause instanceof RegoErrors) return undefined
    throw cause
  }
}

const reason = missing()

describe(`the formatter beside opa fmt${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  test.skipIf(reason !== undefined)(
    'gives the same text for every module, or both refuse it',
    () => {
      const texts = [...new Set([...modulesOfSuite(), ...modulesOfProject()])]
      expect(texts.length).toBeGreaterThan(existsSync(suite) ? 1_500 : 50)
      const wanted = formattedByOpa(texts)
      const wrong = texts.flatMap((text, i) => {
        const got = formatted(text)
        return got === wanted[i] || differing.some((each) => text.includes(each))
          ? []
          : [{ text, got, wanted: wanted[i] }]
      })
      expect(wrong).toEqual([])
    },
    120_000,
  )

  test.skipIf(reason !== undefined)(
    'gives the syntax trees of opa parse',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'opa-format-'))
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      const file = join(folder, 'x.rego')
      // `opa parse` cannot print a number that begins with its point.
      for (const text of modulesOfProject().filter((each) => !each.includes(' .5'))) {
        writeFileSync(file, text)
        const tree = JSON.parse(execFileSync(opa, ['parse', file, '--format', 'json'], { encoding: 'utf8' })) as unknown
        expect(JSON.parse(JSON.stringify(parse(text, file)))).toEqual(tree)
        // `opa parse` prints lines with Go's `Fprintf`, for which `%` in a string is a verb without operand.
        if (!text.includes('%'))
          expect(printTree(text, file)).toBe(execFileSync(opa, ['parse', file], { encoding: 'utf8' }))
      }
    },
    120_000,
  )
})

test('formatting a module of the suite again changes nothing', () => {
  for (const text of new Set([...modulesOfSuite(), ...modulesOfProject()])) {
    const once = formatted(text)
    if (once !== undefined) expect(format(once, 'x.rego')).toBe(once)
  }
})
