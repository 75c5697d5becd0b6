/**
 * Makes a program on which two sides differ small: takes away files, lines, then runs of tokens, for as long as the two still differ in
 * the same way, and not in one that is meant. It knows nothing of Rego: what no longer parses on either side no longer differs.
 */
import { acceptedAs } from './accepted.ts'
import { type Answer, essence } from './answer.ts'
import type { Program } from './program.ts'

export interface Difference {
  readonly program: Program
  readonly ours: Answer
  readonly theirs: Answer
}

type Ask = (program: Program) => Promise<Answer>

/** Programs tried for one difference: some seconds, and enough for a page of text. */
const triesMax = 1200

/** How the two differ, names and values aside; undefined where they agree. */
export function manner(ours: Answer, theirs: Answer): string | undefined {
  if (essence(ours) === essence(theirs)) return undefined
  const word = (answer: Answer) =>
    answer.kind === 'errors'
      ? [...new Set(answer.errors.map(({ code }) => code))].sort().join('+')
      : answer.rows.length === 0
        ? 'undefined'
        : 'rows'
  return `${word(ours)} but OPA ${word(theirs)}`
}

export async function shrink(found: Difference, ours: (program: Program) => Answer, theirs: Ask): Promise<Difference> {
  const wanted = manner(found.ours, found.theirs)
  let best = found
  let tries = 0
  const attempt = async (program: Program): Promise<boolean> => {
    if (tries++ >= triesMax) return false
    const mine = ours(program)
    const other = await theirs(program)
    const smaller = { program, ours: mine, theirs: other }
    // A fault without a place is one of the whole file: it came with the last line that went.
    if (manner(mine, other) !== wanted || isPlaceless(other) || acceptedAs(smaller) !== undefined) return false
    best = smaller
    return true
  }
  const withModule = (file: string, text: string): Program => ({
    ...best.program,
    modules: { ...best.program.modules, [file]: text },
  })

  for (let size = Number.POSITIVE_INFINITY; sizeOf(best.program) < size && tries < triesMax; ) {
    size = sizeOf(best.program)
    for (const file of Object.keys(best.program.modules)) {
      const { [file]: _, ...rest } = best.program.modules
      await attempt({ ...best.program, modules: rest })
    }
    for (const file of Object.keys(best.program.modules)) {
      await lessOf(linesOf(best.program.modules[file] ?? ''), (parts) => attempt(withModule(file, parts.join(''))))
      await lessOf(
        tokensOf(best.program.modules[file] ?? ''),
        (parts) => attempt(withModule(file, parts.join(''))),
        '1',
      )
    }
    await attempt({ ...best.program, strict: false })
    await lessOf(tokensOf(best.program.query), (parts) => attempt({ ...best.program, query: parts.join('') }))
    const { input, ...blind } = best.program
    if (input !== undefined && !(await attempt(blind))) {
      await lessOf(
        tokensOf(input),
        async (parts) => isJson(parts.join('')) && attempt({ ...best.program, input: parts.join('') }),
      )
    }
    await lessOf(
      tokensOf(best.program.data),
      async (parts) => isObject(parts.join('')) && attempt({ ...best.program, data: parts.join('') }),
    )
  }
  return best
}

function isPlaceless(answer: Answer): boolean {
  return answer.kind === 'errors' && answer.errors.some(({ row }) => row === 0)
}

/** Tries to do without each run of parts, long runs first. */
async function lessOf(
  parts: readonly string[],
  attempt: (parts: readonly string[]) => Promise<boolean>,
  stand: string | undefined = undefined,
): Promise<void> {
  let left = parts
  for (let length = Math.ceil(left.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let at = 0; at < left.length; ) {
      const fewer = [...left.slice(0, at), ...left.slice(at + length)]
      if (fewer.length < left.length && (await attempt(fewer))) left = fewer
      else at += length
    }
  }
  // A bracket goes only with its partner; in code, `stand` may take the place of both and of what is between them.
  for (let at = 0; at < left.length; at++) {
    const end = closing(left, at)
    if (end === undefined) continue
    const inside = [...left.slice(0, at), ...left.slice(at + 1, end), ...left.slice(end + 1)]
    const without = [...left.slice(0, at), ...left.slice(end + 1)]
    const plain = stand === undefined ? [] : [[...left.slice(0, at), stand, ...left.slice(end + 1)]]
    for (const fewer of [without, inside, ...plain]) {
      if (!(await attempt(fewer))) continue
      left = fewer
      at--
      break
    }
  }
}

const partners: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

function closing(parts: readonly string[], at: number): number | undefined {
  const open = parts[at] ?? ''
  const close = partners[open]
  if (close === undefined) return undefined
  let depth = 0
  for (let i = at; i < parts.length; i++) {
    if (parts[i] === open) depth++
    if (parts[i] === close && --depth === 0) return i
  }
  return undefined
}

const linesOf = (text: string) => text.split(/(?<=\n)/)
const tokensOf = (text: string) => text.match(/\s+|"(?:[^"\\\n]|\\.)*"|-?\d[\w.+-]*|[\w.]+|[^\s\w]/gu) ?? []

function sizeOf(program: Program): number {
  return (
    Object.values(program.modules).join('').length +
    program.query.length +
    program.data.length +
    (program.input ?? '').length
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const isObject = (text: string) => text.startsWith('{') && isJson(text)
