/**
 * Which definition of a tool a principal was shown last: a tool whose definition has changed since then is not called on the strength
 * of the old one.
 */
import { limits, type McpTool } from '../../model/index.ts'

/** Principals on routes that are remembered, and all names that they were shown; what was listed longest ago is forgotten first. */
const placesMax = 10_000
const namesMax = 1_000_000
/** Names of one place, on however many pages: beyond them a list has no end. */
const namesOfOneMax = 64 * limits.mcpToolsMax

export class Shown {
  readonly #places = new Map<string, ReadonlyMap<string, string>>()
  #names = 0

  /**
   * `sights`: of the tools of one page (`sightOf`), by the name that the agent was given. The first page begins a list anew; what an earlier page
   * showed is still what was seen, whatever the server says by now.
   */
  note(place: string, sights: ReadonlyMap<string, string>, isFirst: boolean): void {
    const before = isFirst ? undefined : this.#places.get(place)
    const goesOn = before !== undefined && before.size < namesOfOneMax
    this.#forget(place)
    const made = goesOn ? new Map([...sights, ...before]) : sights
    for (const oldest of this.#places.keys()) {
      if (this.#places.size < placesMax && this.#names + made.size <= namesMax) break
      this.#forget(oldest)
    }
    this.#places.set(place, made)
    this.#names += made.size
  }

  #forget(place: string): void {
    this.#names -= this.#places.get(place)?.size ?? 0
    this.#places.delete(place)
  }

  /** Undefined where nothing was listed, or the list did not have it. */
  lastOf(place: string, name: string): string | undefined {
    return this.#places.get(place)?.get(name)
  }
}

/** What is remembered of a tool: another server's is another tool, however alike. */
export function sightOf({ server, digest }: McpTool): string {
  return `${server} ${digest}`
}

/** The one whom a list is shown to: a session where there is one, else the principal on the route. */
export function placeOf(owner: string, route: string, session: string | undefined): string {
  return JSON.stringify([owner, route, session ?? null])
}
