/**
 * Replacing several texts at once, from left to right, none of them in what was put in: Go's `strings.NewReplacer`. Where several match at one place the
 * first of the list wins, whatever its length; an empty one matches between all characters.
 */
import { checkTextLength } from './limits.ts'

/** `[old, new]` pairs applied to `text`. */
export function replaceAll(text: string, pairs: readonly (readonly [old: string, replacement: string])[]): string {
  const empty = pairs.findIndex(([old]) => old === '')
  const byFirst = new Map<number, { readonly order: number; readonly old: string; readonly replacement: string }[]>()
  for (const [order, [old, replacement]] of pairs.entries()) {
    if (old === '') continue
    const first = old.charCodeAt(0)
    const group = byFirst.get(first)
    const entry = { order, old, replacement }
    if (group === undefined) byFirst.set(first, [entry])
    else group.push(entry)
  }
  const filler = empty < 0 ? undefined : pairs[empty]?.[1]
  let made = ''
  let copied = 0
  let at = 0
  let afterEmpty = false
  while (at <= text.length) {
    const match =
      at < text.length ? byFirst.get(text.charCodeAt(at))?.find(({ old }) => text.startsWith(old, at)) : undefined
    if (match !== undefined && (filler === undefined || match.order < empty || afterEmpty)) {
      made += text.slice(copied, at) + match.replacement
      at += match.old.length
      copied = at
      afterEmpty = false
    } else if (filler !== undefined && !afterEmpty) {
      made += text.slice(copied, at) + filler
      copied = at
      afterEmpty = true
    } else {
      at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
      afterEmpty = false
    }
    checkTextLength(made.length)
  }
  return copied === 0 && made === '' ? text : made + text.slice(copied)
}
