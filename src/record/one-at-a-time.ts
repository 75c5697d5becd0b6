/** Work that must not run side by side: each begins when the one before it has ended, however that ended. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    // Why it failed is for whoever asked for it, and nothing to those behind.
    last = next.catch(() => undefined)
    return next
  }
}
