import { LRUCache } from 'lru-cache'
import { atMost } from '../../cache-size.ts'
import type { Clock } from '../../time/clock.ts'

export interface AnswerCacheOptions<T> {
  /** How long an answer is used, in milliseconds. */
  readonly keepMs: number
  /** Most answers kept. */
  readonly max: number
  /** Whether an answer is kept; others are asked for anew each time. */
  readonly isKept: (answer: T) => boolean
}

/**
 * Caches answers that are asked for often and cost a call. All who ask for the same key at the same time share one
 * question, and its answer serves whoever asks within `keepMs` after it.
 */
export function createAnswerCache<T>(
  clock: Clock,
  { keepMs, max, isKept }: AnswerCacheOptions<T>,
): (key: string, ask: () => Promise<T>) => Promise<T> {
  const asking = new Map<string, Promise<T>>()
  const known = new LRUCache<string, { readonly answer: T; readonly untilMs: number }>(atMost(max))

  return (key, ask) => {
    const kept = known.get(key)
    if (kept && clock.elapsedMs() < kept.untilMs) return Promise.resolve(kept.answer)
    const running = asking.get(key)
    if (running) return running
    const asked = ask()
      .then((answer) => {
        if (isKept(answer)) known.set(key, { answer, untilMs: clock.elapsedMs() + keepMs })
        return answer
      })
      .finally(() => asking.delete(key))
    asking.set(key, asked)
    return asked
  }
}
