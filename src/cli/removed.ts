/** What is said of something that is not in the log because the lines that came before its first one are gone. */
import { firstOf, madeMs, nodeFiles } from '../record/index.ts'

/** The end of a sentence; empty when what was asked for is not older than the log. `id`: of a call or a decision. */
export async function goneText(
  directory: string,
  asked: { readonly line: number } | { readonly id: string },
): Promise<string> {
  const first = await firstOf(nodeFiles, directory)
  if (first === undefined || first.line === 0) return ''
  const isOlder = 'line' in asked ? asked.line < first.line : madeMs(asked.id) < Date.parse(first.timestamp ?? '')
  return isOlder
    ? `: its first line is \`${first.line}\`, of ${first.timestamp}, and those before it were removed; \`gatehouse audit verify\` says whether retention did that`
    : ''
}
