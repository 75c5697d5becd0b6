/**
 * Which definition of a tool a principal was shown last: a tool whose definition has changed since then is not called on the strength
 * of the old one.
 */

/** Principals on routes that are remembered; the one that listed longest ago is forgotten first. */
const placesMax = 10_000

export class Shown {
  readonly #places = new Map<string, ReadonlyMap<string, string>>()

  /** `digests`: of all tools of one list, by the name that the agent was given. */
  note(place: string, digests: ReadonlyMap<string, string>): void {
    this.#places.delete(place)
    const [oldest] = this.#places.keys()
    if (this.#places.size >= placesMax && oldest !== undefined) this.#places.delete(oldest)
    this.#places.set(place, digests)
  }

  /** Undefined where nothing was listed, or the list did not have it. */
  digestOf(place: string, name: string): string | undefined {
    return this.#places.get(place)?.get(name)
  }
}

/** The one whom a list is shown to: a session where there is one, else the principal on the route. */
export function placeOf(owner: string, route: string, session: string | undefined): string {
  return JSON.stringify([owner, route, session ?? null])
}
