/** Milliseconds before the first three retries. */
const FIRST_MS = [1_000, 2_000, 4_000]
const LATER_MS = 30_000
const MOST_MS = 3_600_000

/** How long to wait after so many attempts have failed, in milliseconds: 1, 2, 4 s, then 30 s doubling up to an hour. */
export function retryDelayMs(attempts: number): number {
  const first = FIRST_MS[Math.max(0, attempts - 1)]
  if (first !== undefined) return first
  return Math.min(MOST_MS, LATER_MS * 2 ** Math.min(20, attempts - 1 - FIRST_MS.length))
}

/**
 * After how many milliseconds what no key decrypts is tried again: the next configuration may have the key.
 */
export const UNREADABLE_MS = 60_000

/** The pause after a throttled call whose answer does not say how long to wait, in milliseconds. */
export const THROTTLED_MS = 30_000
