import { type Records, RecordsUnavailable, type Recovered } from '../../storage/index.ts'
import type { Clock } from '../../time/clock.ts'
import { SeenBids } from './openrtb/index.ts'

/** How long notice marks are gathered before they are recorded together, in milliseconds. */
const TOGETHER_MS = 20

/** Notice marks that survive a restart. */
export interface KeptSeen {
  readonly seen: SeenBids
  /**
   * Resolves when every mark set so far is recorded; returns undefined when there is none to wait for. Rejects with
   * `RecordsUnavailable` when that is not possible now; the next notice tries again.
   */
  kept(): Promise<void> | undefined
}

/**
 * Restores the marks of earlier starts and records new ones.
 * @param recovered marks that earlier starts recorded
 * @param maxBids most bids remembered
 */
export function keepSeen(
  clock: Clock,
  records: Pick<Records, 'lasts' | 'state' | 'append'>,
  recovered: Pick<Recovered, 'seen' | 'forgotten'>,
  maxBids: number,
): KeptSeen {
  /** Chunks marked since they were last written, by owner. */
  const changed = new Map<string, Set<number>>()
  const onMark = (owner: string, chunk: number): void => {
    const chunks = changed.get(owner)
    if (chunks) chunks.add(chunk)
    else changed.set(owner, new Set([chunk]))
  }
  const seen = new SeenBids(maxBids, records.lasts ? onMark : undefined)
  seen.restore(recovered.seen, recovered.forgotten)
  let gathering: Promise<void> | undefined
  let writing: Promise<void> | undefined

  function gather(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    clock.after(TOGETHER_MS, () => {
      gathering = undefined
      resolve(write())
    })
    return promise
  }

  function write(): Promise<void> {
    const atMs = clock.nowMs()
    const entries = takeChanged(seen, changed).map((chunk) => ({ ...chunk, atMs }))
    const written = records.append(entries)
    writing = written
    const ended = () => {
      if (writing === written) writing = undefined
    }
    written.then(ended, ended)
    return written
  }

  return {
    seen,
    kept() {
      if (!records.lasts) return undefined
      // Meanwhile marks wait in memory. Further marks of the same bids need no more space.
      if (records.state.is === 'away') return Promise.reject(new RecordsUnavailable(records.state.detail))
      if (changed.size === 0) return writing
      gathering ??= gather()
      return gathering
    },
  }
}

function takeChanged(seen: SeenBids, changed: Map<string, Set<number>>) {
  const taken = [...changed].flatMap(([owner, chunks]) =>
    [...chunks].flatMap((page) => {
      const bits = seen.chunk(owner, page)
      return bits ? [{ put: 'seen', owner, page, bits } as const] : []
    }),
  )
  changed.clear()
  return taken
}
