import { type Talk, TalkFailed } from '../platform/steps.ts'

/** The longest wait between two looks, in milliseconds. */
const LONGEST_WAIT_MS = 300_000
/** How long a result is waited for, in milliseconds. */
const PATIENCE_MS = 6 * 3_600_000

/**
 * Looks for something that a platform makes until it is there, each time after twice the wait.
 * @param what what is made, as in `the report was`, for the error
 * @param firstWaitMs wait after the first look, in milliseconds
 * @param look returns what it has found; undefined while nothing is to be seen
 * @throws TalkFailed if it is not there within six hours
 */
export function* poll<T>(
  what: string,
  firstWaitMs: number,
  look: () => Talk<{ readonly found: T } | undefined>,
): Talk<T> {
  let waitedMs = 0
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    const seen = yield* look()
    if (seen) return seen.found
    if (waitedMs >= PATIENCE_MS)
      throw new TalkFailed(`${what} not made within ${PATIENCE_MS / 3_600_000} hours`)
    yield { is: 'wait', ms: waitMs }
    waitedMs += waitMs
  }
}
