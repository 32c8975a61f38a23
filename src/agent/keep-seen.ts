import type { Clock } from '../clock.ts'
import { type Records, RecordsUnavailable, type Recovered } from '../records/index.ts'
import { SeenBids } from './openrtb/index.ts'

/** Notices that come within this are recorded together. */
const TOGETHER_MS = 20

/** Which bids notices were seen of, remembered over restarts. */
export interface KeptSeen {
  readonly seen: SeenBids
  /**
   * Resolves when every mark that was set before is kept; undefined when it is already. Rejects with `RecordsUnavailable`
   * when it cannot be now; it is tried again with the next notice.
   */
  kept(): Promise<void> | undefined
}

/** @param recovered what earlier starts have marked */
export function keepSeen(
  clock: Clock,
  records: Pick<Records, 'lasts' | 'state' | 'append'>,
  recovered: Pick<Recovered, 'seen' | 'forgotten'>,
): KeptSeen {
  /** By owner, the chunks that were marked since they were last written. */
  const changed = new Map<string, Set<number>>()
  const onMark = (owner: string, chunk: number): void => {
    const chunks = changed.get(owner)
    if (chunks) chunks.add(chunk)
    else changed.set(owner, new Set([chunk]))
  }
  const seen = new SeenBids(undefined, records.lasts ? onMark : undefined)
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
      // Marks wait here meanwhile, where more of them for the same bids take no more space.
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
