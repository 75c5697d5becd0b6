/**
 * Streams to agents that stay open: who listens on one is told when what it was shown may no longer be so, because the policy or the
 * configuration is another one. It asks again, and gets what is true now.
 */

/** Writes a notification of this method to the agent, where it wants it. */
export type Tell = (method: string) => void

const changes = [
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
]

export class OpenStreams {
  readonly #open = new Set<Tell>()

  /** Returns what takes it back: to be called when the stream has ended. */
  add(tell: Tell): () => void {
    this.#open.add(tell)
    return () => this.#open.delete(tell)
  }

  /** Everything that lists show may have changed. */
  listsChanged(): void {
    for (const tell of [...this.#open]) for (const method of changes) tell(method)
  }
}

/** Whether the capabilities that an agent was told promise this notification. */
export const promised: { readonly [method: string]: 'tools' | 'prompts' | 'resources' } = {
  'notifications/tools/list_changed': 'tools',
  'notifications/prompts/list_changed': 'prompts',
  'notifications/resources/list_changed': 'resources',
}
