/**
 * Rego whose tokens stand elsewhere: line breaks, blank lines and comments are put between them, as people never would, so that the layout of
 * every node is tried. What the text says stays the same, or it is no longer Rego and gives undefined.
 */
import { RegoErrors } from '../../src/rego/errors.ts'
import { lex } from '../../src/rego/parse/lex.ts'
import { parseModule } from '../../src/rego/parse/module.ts'

/** `share`: how many of the places between tokens are changed, 0 to 1. */
export function reshape(source: string, roll: () => number, share: number): string | undefined {
  const { tokens } = lex(source, '')
  let text = ''
  let from = 0
  let comments = 0
  for (const [i, token] of tokens.entries()) {
    const gap = source.slice(from, token.start)
    const previous = tokens[i - 1]
    const isFree = previous !== undefined && previous.kind !== 'template' && token.kind !== 'template'
    text += isFree && roll() < share ? otherGap(gap, roll(), `# c${comments++}`) : gap
    text += source.slice(token.start, token.end)
    from = token.end
  }
  try {
    parseModule(text, '')
    return text
  } catch (cause) {
    if (cause instanceof RegoErrors) return undefined
    throw cause
  }
}

function otherGap(gap: string, chance: number, comment: string): string {
  if (chance < 0.25) return `${gap}\n`
  if (chance < 0.45) return `${gap} ${comment}\n`
  if (chance < 0.6) return `\n${comment}\n`
  if (chance < 0.7) return `\n\n${gap}`
  return gap === '' || gap.includes('#') ? gap : ' '
}
