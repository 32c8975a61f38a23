import {
  type CallLimit,
  type ConnectorType,
  EVERY_CALL,
  type LimitedAccount,
  type Limits,
  WRITES,
} from '../connectors/index.ts'
import { type Admission, RateLimiter } from '../shield/index.ts'
import { type Clock, isoTime } from '../time/clock.ts'
import type { Store } from './store/index.ts'

const ADMITTED: Admission = { is: 'admitted' }

/** A limit of an account, with the calls that it counts. */
interface CountedLimit {
  readonly bucket: string
  readonly limiter: RateLimiter
}

/** Returns the limiter of an account that other parts of this service call as well. */
export type SharedLimiter = (type: ConnectorType, accountId: string) => RateLimiter | undefined

/**
 * Limits on calls, by platform and account. An account that bids are placed on shares the limiter of the bids. Each
 * limit is counted twice: in a sliding window of this process, and in a fixed window in the database that processes
 * share and that survives restarts.
 */
export function createLimits(
  store: Store,
  clock: Clock,
  limitsOf: (type: ConnectorType) => readonly CallLimit[],
  sharedBy: SharedLimiter = () => undefined,
): Limits {
  const known = new Map<string, readonly CountedLimit[]>()
  const resetAtMs = createResets(clock)

  const ofBucket = (account: LimitedAccount, bucket: string): readonly CountedLimit[] => {
    const key = `${account.type}:${account.orgId}:${account.accountId}:${bucket}`
    const found = known.get(key)
    if (found) return found
    const made = limitsOf(account.type)
      .filter((limit) => limit.bucket === bucket)
      .map((limit) => ({ bucket, limiter: new RateLimiter(clock, limit) }))
    known.set(key, made)
    return made
  }
  const counted = (account: LimitedAccount, bucket: string): readonly CountedLimit[] => [
    ...ofBucket(account, bucket),
    ...ofBucket(account, EVERY_CALL),
  ]
  const limiters = (account: LimitedAccount, bucket: string): RateLimiter[] =>
    counted(account, bucket).map(({ limiter }) => limiter)

  const admits: Limits['admits'] = (account, bucket, priority) => {
    for (const limiter of limiters(account, bucket)) {
      const admission = limiter.admits(priority)
      if (admission.is === 'limited') return admission
    }
    return ADMITTED
  }

  return {
    admits,
    async take(account, bucket, priority) {
      const all = limiters(account, bucket)
      const shared = sharedBy(account.type, account.accountId)
      if (priority === 'lowering') {
        shared?.count()
        for (const limiter of all) limiter.count()
        for (const one of counted(account, bucket)) await takeShared(store, clock, account, one)
        return ADMITTED
      }
      const admission = admits(account, bucket, priority)
      if (admission.is === 'limited') return admission
      const passed = await shared?.takeSoon(priority)
      if (passed?.is === 'limited') return passed
      for (const limiter of all) limiter.count()
      for (const one of counted(account, bucket)) {
        const taken = await takeShared(store, clock, account, one)
        if (taken.is === 'limited') return taken
      }
      return ADMITTED
    },
    block(account, bucket, afterMs) {
      for (const limiter of limiters(account, bucket)) limiter.block(afterMs)
      sharedBy(account.type, account.accountId)?.block(afterMs)
    },
    observe(account, bucket, usedShare) {
      for (const limiter of limiters(account, bucket)) limiter.observe(usedShare)
      sharedBy(account.type, account.accountId)?.observe(usedShare)
    },
    waitMs(account, calls, priority) {
      const buckets = new Set(limitsOf(account.type).map(({ bucket }) => bucket))
      buckets.delete(WRITES)
      const all = [...buckets].flatMap((bucket) => limiters(account, bucket))
      return Math.max(0, ...all.map((limiter) => limiter.waitMs(calls, priority)))
    },
    status(account) {
      const buckets = new Set(limitsOf(account.type).map(({ bucket }) => bucket))
      const all = [...buckets].flatMap((bucket) => limiters(account, bucket))
      const [tightest] = all.toSorted((a, b) => a.remaining() / a.limit.calls - b.remaining() / b.limit.calls)
      if (!tightest) return { current: 0, limit: 0, resetAtMs: clock.nowMs() }
      const { calls } = tightest.limit
      return { current: calls - tightest.remaining(), limit: calls, resetAtMs: resetAtMs(tightest) }
    },
  }
}

/**
 * A reported reset time stays while the newly computed one is later by less than this, in milliseconds: the wall clock and
 * the limiter's clock differ a little each time.
 */
const TOO_EARLY_MS = 2
/** As above, while the newly computed one is earlier by less than this, in milliseconds. */
const TOO_LATE_MS = 1_000

/** When a limit has more room, by the wall clock: a time that does not move until it comes. */
function createResets(clock: Clock): (limiter: RateLimiter) => number {
  const resets = new WeakMap<RateLimiter, number>()
  return (limiter) => {
    const nowMs = clock.nowMs()
    const { windowMs } = limiter.limit
    const freesInMs = limiter.freesInMs()
    // Without counted calls: the end of the fixed window that all processes use.
    const atMs = freesInMs > 0 ? nowMs + freesInMs : (Math.floor(nowMs / windowMs) + 1) * windowMs
    const known = resets.get(limiter)
    if (known !== undefined && known > nowMs && known > atMs - TOO_EARLY_MS && known < atMs + TOO_LATE_MS)
      return known
    resets.set(limiter, atMs)
    return atMs
  }
}

/** Largest value of the column. */
const MOST_COUNTED = 2_147_483_647

/** Counts one call in the fixed window of all processes, if it has room. */
async function takeShared(
  store: Store,
  clock: Clock,
  { type, orgId, accountId }: LimitedAccount,
  { bucket, limiter }: CountedLimit,
): Promise<Admission> {
  const { calls, windowMs } = limiter.limit
  const nowMs = clock.nowMs()
  const startMs = Math.floor(nowMs / windowMs) * windowMs
  const counted = await store.loosely((db) =>
    db
      .insertInto('rate_limits')
      .values({
        connector_type: type,
        org_id: orgId,
        endpoint: `${accountId}:${bucket}:${windowMs}`,
        limit_value: calls,
        current_count: 1,
        window_start: isoTime(startMs),
        window_end: isoTime(startMs + windowMs),
      })
      .onConflict((conflict) =>
        conflict
          .columns(['connector_type', 'org_id', 'endpoint', 'window_start'])
          .doUpdateSet((set) => ({
            current_count: set('rate_limits.current_count', '+', 1),
            limit_value: calls,
          }))
          .where('rate_limits.current_count', '<', limiter.hasRoom ? MOST_COUNTED : calls),
      )
      .returning('current_count')
      .executeTakeFirst(),
  )
  return counted ? ADMITTED : { is: 'limited', retryAfterMs: startMs + windowMs - nowMs }
}

/** Deletes windows that are over. */
export async function forgetOldWindows({ db }: Store, clock: Clock): Promise<void> {
  await db.deleteFrom('rate_limits').where('window_end', '<', isoTime(clock.nowMs())).execute()
}
