/** Whether answers are the same: between two ways to one server for one client, and between clients whose languages print differently. */
import { isDeepStrictEqual } from 'node:util'
import type { Outcome } from './cells.ts'
import { type Answer, type Step, type Told, unknownResource, unknownTool } from './steps.ts'

/** What came of a client: what it told, or its last words. */
export type Came = Told | { readonly failed: string }

/** What is wrong with a cell, by what it was expected to be; undefined when nothing is. */
export function wrongWith(
  came: Came,
  expected: Outcome | undefined,
  steps: readonly Step[],
  reference: Told,
  conditionalTools: readonly string[],
  way: 'direct' | 'gatehouse',
): string | undefined {
  if (expected === undefined) return 'this pair is not listed in cells.ts'
  const refusedAll = 'failed' in came || came.answers.every((answer) => 'error' in answer)
  if (typeof expected === 'object')
    return refusedAll ? undefined : `it was answered, though the specification says: ${expected.refused}`
  if ('failed' in came) return came.failed
  if (came.revision !== expected) return `they agreed on ${came.revision} instead of ${expected}`
  for (const [index, answer] of came.answers.entries()) {
    const step = steps[index]
    const wanted = reference.answers[index]
    if (step === undefined || wanted === undefined) return `there is an answer ${index} to no step`
    if (step.params.name === unknownTool) {
      if (way === 'gatehouse' && !('error' in answer)) return `${words(step)} was no error of the protocol`
      continue
    }
    if (step.params.uri === unknownResource && way === 'gatehouse') {
      const code = 'error' in answer ? answer.error.code : 0
      if (code !== undefined && !resourceNotFound(came.revision).includes(code))
        return `${words(step)} gave the code ${code}`
    }
    const [got, want] = [answer, wanted].map((one) => essence(step, one, conditionalTools))
    if (!isDeepStrictEqual(got, want))
      return `${words(step)} gave ${JSON.stringify(got).slice(0, 300)} instead of ${JSON.stringify(want).slice(0, 300)}`
  }
  return undefined
}

/** What differs between the same client on two ways; undefined when nothing does. */
export function differs(direct: Came, through: Came, steps: readonly Step[]): string | undefined {
  if ('failed' in direct || 'failed' in through)
    return 'failed' in direct === 'failed' in through ? undefined : 'it failed on one way only'
  for (const [index, step] of steps.entries()) {
    if (step.params.name === unknownTool || step.params.uri === unknownResource) continue
    const [one, other] = [direct.answers[index], through.answers[index]].map(bare)
    if (!isDeepStrictEqual(one, other))
      return `${words(step)} gave ${JSON.stringify(other).slice(0, 300)} instead of ${JSON.stringify(one).slice(0, 300)}`
  }
  return undefined
}

/** 2025-11-25 "Resources: Error Handling", and SEP-2164 in 2026-07-28, by which some clients tell of the older revisions too. */
function resourceNotFound(revision: string): readonly unknown[] {
  return revision === '2026-07-28' ? [-32_602] : [-32_002, -32_602]
}

function words({ method, params }: Step): string {
  return `${method} ${JSON.stringify(params).slice(0, 100)}`
}

/** Without what belongs to a hop: metadata, how long a list may be kept, and the words of an error. */
function bare(answer: Answer | undefined): unknown {
  if (answer === undefined) return undefined
  if ('error' in answer) return { error: answer.error.code ?? 'refused' }
  const { _meta, ttlMs, cacheScope, resultType, ...rest } = answer.result as { readonly [name: string]: unknown }
  return rest
}

/** What every client must have got of a step, however its language prints it. */
function essence({ method }: Step, answer: Answer, conditionalTools: readonly string[]): unknown {
  if ('error' in answer) return 'refused'
  const result = answer.result as {
    readonly [name: string]: readonly { readonly [name: string]: unknown }[] | undefined
  }
  const names = (list: string): unknown => result[list]?.map(({ name }) => name)
  switch (method) {
    case 'tools/list':
      return result.tools?.map(({ name }) => name).filter((name) => !conditionalTools.includes(String(name)))
    case 'resources/list':
      return names('resources')
    case 'prompts/list':
      return names('prompts')
    case 'tools/call':
      return {
        content: result.content?.map(({ type, text, data }) => text ?? data ?? type),
        structured: result.structuredContent,
        isError: (result.isError as unknown) === true,
      }
    case 'resources/read':
      return result.contents?.map(({ text, blob }) => text ?? blob)
    default:
      return result.messages?.map(({ content }) => (content as { text?: string }).text)
  }
}
