/**
 * Every module of code bases that are not ours, formatted, parsed and checked by `opa` 1.20.2 and by us: the same text, the same syntax tree, the same
 * codes and rows, alone and with all others of its code base.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { check, format, parse, parseModule, RegoErrors } from '../../src/rego/index.ts'
import { findOpa } from '../support/opa.ts'
import { type CodeBase, noCodeBases, readCodeBases } from './code-bases.ts'

const opa = findOpa()
const reason = noCodeBases ?? (opa === undefined ? 'there is no `opa` command' : undefined)

/** Bytes of what one command prints: the syntax tree of a large file. */
const printedMax = 256 * 1024 * 1024

interface Ran {
  readonly status: number
  readonly out: string
  readonly told: string
}

function ran(words: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve, reject) =>
    execFile(opa as string, words, { cwd, maxBuffer: printedMax }, (error, out, told) => {
      if (error === null) resolve({ status: 0, out, told })
      else if (typeof error.code === 'number') resolve({ status: error.code, out, told })
      else reject(error)
    }),
  )
}

/** Runs `work` on all items, as many at once as there are processors. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const worker = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await work(next)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
}

/** A copy of the modules, which commands may write to. */
function copyOf({ modules }: CodeBase): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-code-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(modules)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

function orRefusal<T>(run: () => T): T | RegoErrors {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof RegoErrors) return cause
    throw cause
  }
}

interface Finding {
  readonly code: string
  readonly file: string
  readonly row: number
}

interface OpaErrors {
  readonly errors?: readonly { readonly code: string; readonly location?: { file: string; row: number } }[]
}

function foundByOpa({ status, told }: Ran): readonly Finding[] {
  if (status === 0) return []
  const { errors = [] } = JSON.parse(told) as OpaErrors
  return errors.map(({ code, location: { file, row } = { file: '', row: 0 } }) => ({ code, file, row }))
}

/**
 * What only one of both finds. Some of OPA's errors have no place, which ours have: they are paired by their number. OPA also tells what follows from an error, such as variables that are unsafe because another is; for us one cause is one
 * error, so that OPA may find more of the same code in a rule in which we find it too.
 */
function differences(
  modules: CodeBase['modules'],
  ours: readonly Finding[],
  theirs: readonly Finding[],
): readonly string[] {
  const isIn = (list: readonly Finding[], { code, file, row }: Finding): boolean =>
    list.some((each) => each.code === code && each.file === file && each.row === row)
  const follows = ({ code, file, row }: Finding): boolean =>
    rulesOf(modules[file] ?? '', file).some(
      ([first, last]) =>
        first <= row &&
        row <= last &&
        ours.some((each) => each.code === code && each.file === file && first <= each.row && each.row <= last),
    )
  const oursAlone = ours.filter((each) => !isIn(theirs, each))
  const theirsAlone = theirs.filter((each) => !isIn(ours, each) && !follows(each))
  const placeless = theirsAlone.filter(({ file }) => file === '').map(({ code }) => code)
  const isPaired = isDeepStrictEqual(oursAlone.map(({ code }) => code).sort(), placeless.sort())
  return [
    ...oursAlone.filter(() => !isPaired).map((each) => ({ ...each, by: 'us alone' })),
    ...theirsAlone.filter(({ file }) => !isPaired || file !== '').map((each) => ({ ...each, by: 'OPA alone' })),
  ].map(({ code, file, row, by }) => `${file}:${row}: ${code} is found by ${by}`)
}

/** First and last rows of the rules of a module; none where it cannot be parsed. */
function rulesOf(text: string, file: string): readonly (readonly [first: number, last: number])[] {
  const module = orRefusal(() => parseModule(text, file))
  if (module instanceof RegoErrors) return []
  return module.rules.map(({ at }) => [at.row, at.row + text.slice(at.start, at.end).split('\n').length - 1])
}

/** Tells all that it finds; by itself `opa` stops at ten. */
const checkAll = ['check', '--format', 'json', '--max-errors', '0']

describe.skipIf(reason !== undefined)(
  `the tools beside opa, on code bases${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    const bases = readCodeBases()

    test.each(bases)('have modules: $name', ({ modules }) => expect(Object.keys(modules).length).toBeGreaterThan(0))

    test.each(bases)(
      'give the syntax trees of opa parse, and refuse what it refuses: $name',
      async (base) => {
        const folder = copyOf(base)
        const wrong: object[] = []
        await each(Object.entries(base.modules), async ([name, text]) => {
          const { status, out, told } = await ran(['parse', name, '--format', 'json'], folder)
          const ours = orRefusal(() => parse(text, name))
          if (ours instanceof RegoErrors) {
            if (status === 0) wrong.push({ name, ours: ours.message })
          } else if (status !== 0) wrong.push({ name, theirs: told })
          else if (!isDeepStrictEqual(JSON.parse(JSON.stringify(ours)), JSON.parse(out)))
            wrong.push({ name, differs: 'tree' })
        })
        expect(wrong).toEqual([])
      },
      600_000,
    )

    test.each(bases)(
      'give the text of opa fmt: $name',
      async (base) => {
        const folder = copyOf(base)
        const formatted: [name: string, text: string][] = []
        for (const [name, text] of Object.entries(base.modules)) {
          const ours = orRefusal(() => format(text, name))
          if (ours instanceof RegoErrors) rmSync(join(folder, name))
          else formatted.push([name, ours])
        }
        const { status, told } = await ran(['fmt', '--write', '.'], folder)
        expect(status, told).toBe(0)
        expect(
          formatted.filter(([name, ours]) => readFileSync(join(folder, name), 'utf8') !== ours).map(([name]) => name),
        ).toEqual([])
        expect(formatted.filter(([name, ours]) => format(ours, name) !== ours).map(([name]) => name)).toEqual([])
      },
      600_000,
    )

    test.each(bases.flatMap((base) => [false, true].map((strict) => ({ name: base.name, base, strict }))))(
      'find what opa check finds in each module alone: $name, strict $strict',
      async ({ base, strict }) => {
        const folder = copyOf(base)
        const wrong: string[] = []
        await each(Object.entries(base.modules), async ([name, text]) => {
          const theirs = foundByOpa(await ran([...checkAll, ...(strict ? ['--strict'] : []), name], folder))
          const modules = { [name]: text }
          wrong.push(...differences(modules, check({ modules, strict, errorsMax: 0 }), theirs))
        })
        expect(wrong).toEqual([])
      },
      600_000,
    )

    test.each(bases)(
      'find what opa check finds in the whole: $name',
      async (base) => {
        const theirs = foundByOpa(await ran([...checkAll, '.'], copyOf(base)))
        const ours = check({ modules: base.modules, errorsMax: 0 })
        expect(differences(base.modules, ours, theirs)).toEqual([])
      },
      600_000,
    )
  },
)
