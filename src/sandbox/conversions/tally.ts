import { createHash } from 'node:crypto'
import type { JsonObject } from '../protocol.ts'

export interface TallyCounts {
  /** Calls of which something was taken. */
  readonly calls: number
  /** Events in them. */
  readonly received: number
  /** Events that the platform counts. */
  readonly counted: number
  /** Events that it has left out because it knew them. */
  readonly repeated: number
  /** Events that it has counted although it had counted them before: they came again when they were forgotten. */
  readonly doubled: number
  /** Calls that were refused because of their events. */
  readonly refused: number
}

/** Events whose bodies are kept, to be looked at. */
const MAX_RECENT = 1_000
/** Keys that are remembered; of more the oldest are forgotten, and would be counted again. */
const MAX_KEYS = 4_000_000

/** What one platform has counted. */
export interface Tally {
  /**
   * One event that was taken.
   * @param key by which the platform knows it
   * @returns whether it counts
   */
  take(key: string, event: JsonObject, nowMs: number): boolean
  /** Whether the key is one that the platform would leave out. */
  knows(key: string, nowMs: number): boolean
  /** One event that is known by something else than its key. */
  repeat(event: JsonObject): void
  called(events: number): void
  refused(): void
  readonly counts: TallyCounts
  /** The last events that were taken, as they came. */
  readonly recent: readonly JsonObject[]
}

/** @param forgetMs after which an event that comes again is counted again */
export function createTally(forgetMs: number): Tally {
  const firstMs = new Map<number, number>()
  const recent: JsonObject[] = []
  const counts = { calls: 0, received: 0, counted: 0, repeated: 0, doubled: 0, refused: 0 }

  function keep(event: JsonObject): void {
    recent.push(event)
    if (recent.length > 2 * MAX_RECENT) recent.splice(0, MAX_RECENT)
  }

  return {
    counts,
    recent,
    knows(key, nowMs) {
      const seenMs = firstMs.get(shortOf(key))
      return seenMs !== undefined && nowMs - seenMs < forgetMs
    },
    take(key, event, nowMs) {
      const short = shortOf(key)
      const seenMs = firstMs.get(short)
      counts.received += 1
      keep(event)
      if (seenMs !== undefined && nowMs - seenMs < forgetMs) {
        counts.repeated += 1
        return false
      }
      counts.counted += 1
      if (seenMs !== undefined) counts.doubled += 1
      firstMs.delete(short)
      firstMs.set(short, nowMs)
      const [oldest] = firstMs.size > MAX_KEYS ? firstMs.keys() : []
      if (oldest !== undefined) firstMs.delete(oldest)
      return true
    },
    repeat(event) {
      counts.received += 1
      counts.repeated += 1
      keep(event)
    },
    called(events) {
      if (events > 0) counts.calls += 1
    },
    refused() {
      counts.refused += 1
    },
  }
}

/** 48 bits of a digest: of a million keys about one in 600 runs has two alike. */
const shortOf = (key: string): number => createHash('sha1').update(key).digest().readUIntBE(0, 6)
