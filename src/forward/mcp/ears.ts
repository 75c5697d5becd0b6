/**
 * What of its servers' own words an agent may hear, and what it heard: a message that a server sends by itself passes where the policy
 * lets it, and each, passed or not, is counted for the call's record.
 */
import type { Allow, DecideCall, Listed, McpSaid, McpServer, SaidMessages } from '../../model/index.ts'
import type { RpcMessage } from '../../wire/index.ts'
import type { Plan } from '../obligations.ts'
import { isSelected, leadsOut, selectsNone } from './selection.ts'
import { matchesTemplate } from './uri-template.ts'

/** What a decision that allows asks of the way of a message. */
export interface McpPlan extends Plan {
  readonly ears: Ears
}

type Outcome = Extract<RpcMessage, { kind: 'response' }>['outcome']
export type Kind = NonNullable<Listed['any']>

/** Pairs of server and method that are told apart in one record; the rest is counted together. */
const pairsMax = 64
const methodCharsMax = 128
const others = 'others'

export class Ears {
  #allow: Allow
  readonly #messages = new Map<string, { upstream: string; method: string; passed: number; withheld: number }>()
  /** What the policy said of what is asked again and again. */
  readonly #known = new Map<string, boolean>()
  #toolError = false
  #rpcError: number | undefined = undefined

  constructor(allow: Allow) {
    this.#allow = allow
  }

  /** Whether the policy lets this server say this to the agent: a request or a notification of its own. */
  hears({ upstream }: McpServer, method: string): boolean {
    return this.#kept(['hears', upstream.id, method], () => this.#allow.hears?.(upstream, method) !== false)
  }

  /** Whether the agent could use anything of this kind that the route offers of the server. */
  concerns(server: McpServer, kind: Kind): boolean {
    if (selectsNone(server, `${kind}s`)) return false
    const { upstream } = server
    return this.#kept(['concerns', upstream.id, kind], () => this.#allow.sees?.({ upstream, any: kind }) !== false)
  }

  /** Whether the agent may know of a resource that the server names by itself. */
  knows(server: McpServer, uri: string): boolean {
    const { upstream, selects } = server
    const templates = selects?.resources ?? []
    const isOffered =
      isSelected(server, 'resources', uri) ||
      (!leadsOut(server, uri) && templates.some((one) => one.includes('{') && matchesTemplate(one, uri)))
    return isOffered && this.#allow.sees?.({ upstream, resource: { uri } }) !== false
  }

  /** Counts a message of a server. */
  note({ upstream }: McpServer, method: string, passed: boolean): void {
    const exact = JSON.stringify([upstream.id, method])
    const isKnown = this.#messages.has(exact) || this.#messages.size < pairsMax
    const key = isKnown ? exact : JSON.stringify([upstream.id, others])
    let line = this.#messages.get(key)
    if (line === undefined) {
      line = {
        upstream: upstream.id,
        method: isKnown ? method.slice(0, methodCharsMax) : others,
        passed: 0,
        withheld: 0,
      }
      this.#messages.set(key, line)
    }
    if (passed) line.passed++
    else line.withheld++
  }

  /** The answer to the agent's message. */
  answered(outcome: Outcome): void {
    if ('error' in outcome) this.#rpcError = Number(outcome.error.code)
    else if (outcome.result.isError === true) this.#toolError = true
  }

  /** Under the policy that is in force now. False where it refuses the call: the stream must end. */
  async renew(decide: DecideCall): Promise<boolean> {
    const { again } = this.#allow
    if (again === undefined) return true
    const decision = await again(decide)
    if (decision.kind !== 'allow') return false
    this.#allow = decision
    this.#known.clear()
    return true
  }

  #kept(about: readonly string[], ask: () => boolean): boolean {
    const key = JSON.stringify(about)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const found = ask()
    this.#known.set(key, found)
    return found
  }

  said(): McpSaid {
    const messages: readonly SaidMessages[] = [...this.#messages.values()]
    return {
      ...(this.#toolError && { tool_error: true }),
      ...(this.#rpcError !== undefined && { rpc_error: this.#rpcError }),
      ...(messages.length > 0 && { messages }),
    }
  }
}
