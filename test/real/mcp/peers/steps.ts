/** What a client is told to do, and what it says came of it: the words between the runner and the clients of all languages. */

export interface Step {
  readonly method: string
  readonly params: { readonly [name: string]: unknown }
}

export type Answer =
  | { readonly result: unknown }
  | { readonly error: { readonly code?: number; readonly message: string } }

/** One line of JSON, the last that a client prints. */
export interface Told {
  /** Negotiated: `2025-11-25`, `2026-07-28`. */
  readonly revision: string
  /** Name of the server as it says it itself. */
  readonly server?: string
  readonly answers: readonly Answer[]
}

/** SDKs disagree on the answer; the specification asks for an error of the protocol, and Gatehouse gives it whatever is behind. */
export const unknownTool = 'no_such_tool'

/** SDKs disagree on the code; Gatehouse gives that of the specification whatever is behind, since it answers so for what a policy hides. */
export const unknownResource = 'peer://nothing'

const call = (name: string, args: object): Step => ({ method: 'tools/call', params: { name, arguments: args } })
const bare = (method: string): Step => ({ method, params: {} })

/** For the servers that offer `echo`, `add`, `fail`, a note and a greeting. */
export const ownSteps: readonly Step[] = [
  bare('tools/list'),
  call('echo', { text: 'Grüße, 世界 👋' }),

  call('add', { a: 0.1, b: 2 }),
  call('echo', { text: 'x'.repeat(20_000) }),
  call('fail', {}),
  call('echo', {}),
  call(unknownTool, {}),
  bare('resources/list'),
  { method: 'resources/read', params: { uri: 'peer://note' } },
  { method: 'resources/read', params: { uri: unknownResource } },
  bare('prompts/list'),
  { method: 'prompts/get', params: { name: 'greet', arguments: { name: 'Ada' } } },
]

/** For the reference server that calls itself `everything`. */
export const everythingSteps: readonly Step[] = [
  bare('tools/list'),
  call('echo', { message: 'Grüße, 世界 👋' }),
  call('get-sum', { a: 2, b: 3 }),
  call('get-structured-content', { location: 'Chicago' }),
  call('get-tiny-image', {}),
  call(unknownTool, {}),
  bare('resources/list'),
  bare('prompts/list'),
  { method: 'prompts/get', params: { name: 'simple-prompt', arguments: {} } },
  { method: 'prompts/get', params: { name: 'args-prompt', arguments: { city: 'Bern', state: 'BE' } } },
]
