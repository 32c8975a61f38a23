import { createHash } from 'node:crypto'
import type { JsonObject } from '../protocol.ts'

export interface TallyCounts {
  /** Calls of which something was taken. */
  readonly calls: number
  /** Events in them. */
  readonly received: number
  /** Events that the platform counts. */
  readonly counted: number
  /** Events that it recognised as repetitions, and does not count. */
  readonly repeated: number
  /** Events that it has counted twice: they came again after it had forgotten them. */
  readonly doubled: number
  /** Calls that were refused because of their events. */
  readonly refused: number
}

/** The fewest of the last events whose bodies are kept; at most twice as many are. */
const MAX_RECENT = 1_000
/** The most keys that are remembered; of more, the oldest are forgotten, and their events would be counted again. */
const MAX_KEYS = 4_000_000

/** What one platform has counted. */
export interface Tally {
  /**
   * Notes an event that was taken.
   * @param key by which the platform recognises a repetition
   * @returns whether the platform counts it
   */
  take(key: string, event: JsonObject, nowMs: number): boolean
  /** Whether the platform would recognise an event with this key as a repetition. */
  knows(key: string, nowMs: number): boolean
  /** Notes an event that the platform recognised as a repetition by something other than its key. */
  repeat(event: JsonObject): void
  /** Notes a call of which so many events were taken. */
  called(events: number): void
  /** Notes a call that was refused because of its events. */
  refused(): void
  readonly counts: TallyCounts
  /** The last events that were taken, as they came. */
  readonly recent: readonly JsonObject[]
}

/** @param forgetMs after how many milliseconds an event that comes again is counted again */
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

/** The first 48 bits of a digest. With a million keys, two have the same number in about one of 600 runs. */
const shortOf = (key: string): number => createHash('sha1').update(key).digest().readUIntBE(0, 6)
