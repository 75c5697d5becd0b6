/** JSON that holds what others wrote: into a pipe byte by byte, on a terminal as the same JSON without what a terminal could act on. */
import { visibleJson } from '../model/index.ts'
import type { Output } from './io.ts'

/** `text` is JSON, of one line or of several. */
export function jsonFor({ isTerminal }: Pick<Output, 'isTerminal'>, text: string): string {
  return isTerminal ? text.split('\n').map(visibleJson).join('\n') : text
}
