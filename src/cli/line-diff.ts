/** The difference between two texts by lines, in the unified form that `patch` reads. */

/** Lines shown around a change. */
const around = 3

/** Differing lines up to which the shortest difference is looked for: the search takes the square of it. Beyond, all between is replaced. */
const editsMax = 2_000

interface Line {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

/** Empty where the texts are equal. `name` stands in the head. */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return ''
  const lines = differenceOf(linesOf(before), linesOf(after))
  const hunks: string[] = []
  let [old, now] = [1, 1]
  for (let i = 0; i < lines.length; ) {
    const change = lines.findIndex(({ sign }, at) => at >= i && sign !== ' ')
    if (change === -1) break
    const begin = Math.max(i, change - around)
    const end = endOfHunk(lines, change)
    old += begin - i
    now += begin - i
    const hunk = lines.slice(begin, end)
    const olds = hunk.filter(({ sign }) => sign !== '+').length
    const nows = hunk.filter(({ sign }) => sign !== '-').length
    hunks.push(`@@ -${range(old, olds)} +${range(now, nows)} @@`, ...hunk.map(({ sign, text }) => `${sign}${text}`))
    old += olds
    now += nows
    i = end
  }
  return `--- ${name}\n+++ ${name} (formatted)\n${hunks.join('\n')}\n`
}

/** Where a file has no line there, `patch` wants the number of the line before. */
function range(from: number, count: number): string {
  return `${count === 0 ? from - 1 : from},${count}`
}

/** The last line of a file that no line end closes is followed by what `diff` says about that. */
function linesOf(text: string): string[] {
  const lines = text.split('\n')
  const last = lines.pop() ?? ''
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`]
}

/** Changes that are so near that their surroundings touch are one. */
function endOfHunk(lines: readonly Line[], change: number): number {
  let last = change
  for (let i = change; i < lines.length && i <= last + 2 * around; i++) if (lines[i]?.sign !== ' ') last = i
  return Math.min(lines.length, last + 1 + around)
}

function differenceOf(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  while (tail < Math.min(before.length, after.length) - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const same = (text: string): Line => ({ sign: ' ', text })
  const middle = shortest(before.slice(head, before.length - tail), after.slice(head, after.length - tail))
  return [...before.slice(0, head).map(same), ...middle, ...before.slice(before.length - tail).map(same)]
}

/** Myers' greedy search: `reach[k]` is how far one gets on the diagonal `k` with so many edits. */
function shortest(before: readonly string[], after: readonly string[]): Line[] {
  const trace: Map<number, number>[] = []
  let reach = new Map([[1, 0]])
  for (let edits = 0; edits <= Math.min(editsMax, before.length + after.length); edits++) {
    const next = new Map(reach)
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1))
      let x = down ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x++
      next.set(k, x)
      if (x >= before.length && x - k >= after.length) return walkBack([...trace, reach], before, after)
    }
    trace.push(reach)
    reach = next
  }
  return [...before.map((text): Line => ({ sign: '-', text })), ...after.map((text): Line => ({ sign: '+', text }))]
}

function walkBack(trace: readonly Map<number, number>[], before: readonly string[], after: readonly string[]): Line[] {
  const lines: Line[] = []
  let x = before.length
  let y = after.length
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reach = trace[edits] as Map<number, number>
    const k = x - y
    const down = k === -edits || (k !== edits && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1))
    const from = down ? k + 1 : k - 1
    const fromX = edits === 0 ? 0 : (reach.get(from) ?? 0)
    const fromY = edits === 0 ? 0 : fromX - from
    while (x > fromX && y > fromY) {
      x--
      y--
      lines.push({ sign: ' ', text: before[x] ?? '' })
    }
    if (edits === 0) break
    if (down) lines.push({ sign: '+', text: after[--y] ?? '' })
    else lines.push({ sign: '-', text: before[--x] ?? '' })
  }
  return lines.reverse()
}
