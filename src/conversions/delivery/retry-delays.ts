/** Milliseconds before the first three retries. */
const FIRST_MS = [1_000, 2_000, 4_000]
/** Milliseconds before the fourth retry; each later one waits twice as long as the one before. */
const LATER_MS = 30_000
/** The longest wait before a retry, in milliseconds. */
const MOST_MS = 3_600_000

/** How long to wait after so many attempts have failed, in milliseconds: 1, 2, 4 s, then 30 s doubling up to an hour. */
export function retryDelayMs(attempts: number): number {
  const first = FIRST_MS[Math.max(0, attempts - 1)]
  if (first !== undefined) return first
  return Math.min(MOST_MS, LATER_MS * 2 ** Math.min(20, attempts - 1 - FIRST_MS.length))
}

/**
 * How long a delivery waits that no key decrypts, in milliseconds: a later configuration may have the key.
 */
export const UNREADABLE_MS = 60_000

/** The pause after a throttled call whose answer does not say how long to wait, in milliseconds. */
export const THROTTLED_MS = 30_000
