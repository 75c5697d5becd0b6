/** What `gatehouse erase` did while the gateway ran, or before: told in the decision log, once each. */
import { type Clock, type Log, messageOf } from '../model/index.ts'
import type { DecisionLog } from '../record/index.ts'
import type { Vault } from '../vault/index.ts'

/** Milliseconds between two looks: one at a file that mostly is not there. */
const lookMs = 1_000

/** Gives what ends it; resolves when what was seen is recorded. */
export function watchErasures(
  vault: Vault,
  decisions: Pick<DecisionLog, 'admin'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): () => Promise<void> {
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    try {
      for (const erasure of vault.unrecordedErasures()) {
        const { id: key, subject, erasedMs } = erasure
        await decisions.admin('subject_erased', { key, subject, erased: new Date(erasedMs).toISOString() })
        vault.erasureRecorded(erasure)
      }
    } catch (cause) {
      log.error({ cause: messageOf(cause) }, 'an erased subject is not recorded yet')
    }
  }

  function begin(): void {
    looking ??= look().finally(() => {
      looking = undefined
    })
  }

  begin()
  const forget = clock.every(lookMs, begin)
  return async () => {
    forget()
    await looking
  }
}
