import type { Clock } from '../../clock.ts'
import { isoTime } from '../../clock.ts'
import { type Admission, type Priority, type RateLimit, RateLimiter } from '../../shield/index.ts'
import type { CallLimit, ConnectorType } from '../connectors/read-connector.ts'
import type { Store } from '../store/index.ts'

/** Whose calls are counted together. */
export interface Account {
  readonly type: ConnectorType
  readonly orgId: number
  readonly accountId: string
}

export interface LimitStatus {
  readonly current: number
  readonly limit: number
  readonly resetAtMs: number
}

export interface Limits {
  /** Counts a call when every limit of its bucket has room; pausing and lowering whatever the limits say. */
  take(account: Account, bucket: string, priority: Priority): Promise<Admission>
  /** Whether this process would admit a call now; counts nothing. */
  admits(account: Account, bucket: string, priority: Priority): Admission
  /** The platform asked for a pause. */
  block(account: Account, bucket: string, afterMs: number): void
  /** The platform says what share of its own quota is used (0..1). */
  observe(account: Account, bucket: string, usedShare: number): void
  /** The limit of an account that has least room. */
  status(account: Account): LimitStatus
}

const ADMITTED: Admission = { is: 'admitted' }

/** The limiter of an account that is called by others in this service as well. */
export type SharedLimiter = (type: ConnectorType, accountId: string) => RateLimiter | undefined

/**
 * Limits on calls, per platform and account. An account that bids are placed on counts with the bids first. Each is
 * counted twice: in a sliding window of this process, which is exact over time, and in a fixed window in the database,
 * which is exact over processes and restarts.
 */
export function createLimits(
  store: Store,
  clock: Clock,
  limitsOf: (type: ConnectorType) => readonly CallLimit[],
  sharedBy: SharedLimiter = () => undefined,
): Limits {
  const known = new Map<string, RateLimiter[]>()

  const limiters = (account: Account, bucket: string): RateLimiter[] => {
    const key = `${account.type}:${account.orgId}:${account.accountId}:${bucket}`
    const found = known.get(key)
    if (found) return found
    const made = limitsOf(account.type)
      .filter((limit) => limit.bucket === bucket)
      .map((limit) => new RateLimiter(clock, limit))
    known.set(key, made)
    return made
  }

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
        for (const { limit } of all) await takeShared(store, clock, account, bucket, limit)
        return ADMITTED
      }
      const admission = admits(account, bucket, priority)
      if (admission.is === 'limited') return admission
      const passed = await shared?.takeSoon(priority)
      if (passed?.is === 'limited') return passed
      for (const limiter of all) limiter.count()
      for (const { limit } of all) {
        const counted = await takeShared(store, clock, account, bucket, limit)
        if (counted.is === 'limited') return counted
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
    status(account) {
      const buckets = new Set(limitsOf(account.type).map(({ bucket }) => bucket))
      const all = [...buckets].flatMap((bucket) => limiters(account, bucket))
      const [tightest] = all.sort((a, b) => a.remaining() / a.limit.calls - b.remaining() / b.limit.calls)
      if (!tightest) return { current: 0, limit: 0, resetAtMs: clock.nowMs() }
      const { calls, windowMs } = tightest.limit
      return { current: calls - tightest.remaining(), limit: calls, resetAtMs: clock.nowMs() + windowMs }
    },
  }
}

/** One more call in the window all processes share, if it has room. */
async function takeShared(
  store: Store,
  clock: Clock,
  { type, orgId, accountId }: Account,
  bucket: string,
  { calls, windowMs }: RateLimit,
): Promise<Admission> {
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
          .where('rate_limits.current_count', '<', calls),
      )
      .returning('current_count')
      .executeTakeFirst(),
  )
  return counted ? ADMITTED : { is: 'limited', retryAfterMs: startMs + windowMs - nowMs }
}

/** Forgets windows that are over; they count for nothing any more. */
export async function forgetOldWindows({ db }: Store, clock: Clock): Promise<void> {
  await db.deleteFrom('rate_limits').where('window_end', '<', isoTime(clock.nowMs())).execute()
}
