import type { Clock } from '../time/clock.ts'
import { CALLS, type Scope } from './budget/client/scope.ts'
import { StoreLink, WITHOUT_HOLDS } from './budget/client/store-link.ts'
import type { BudgetStore } from './budget/protocol/store.ts'
import { CallPurse } from './call-purse.ts'
import type { RateLimit } from './rate-limit.ts'
import { RateLimiter } from './rate-limiter.ts'

/** Limits on calls per platform account. All callers of an account in this process share one limiter. */
export interface CallLimits {
  /** The limiter of an account; created on first use. */
  of(platform: string, account: string, limit: RateLimit): RateLimiter
  /** The limiter of an account, or undefined when {@link of} was never called for it. */
  find(platform: string, account: string): RateLimiter | undefined
  /** The scopes from which calls are drawn when several processes share the limits; else empty. */
  readonly scopes: Iterable<Scope>
  /** Asks the store for the present figures of these scopes; undefined when it answered at once. */
  refresh(scopes: Iterable<Scope>): Promise<void> | undefined
  /** Returns unused calls to the store. */
  close(): Promise<void>
}

export interface CallLimitsOptions {
  readonly clock: Clock
  readonly store: BudgetStore
  /** Owner id of this process, the same as for its budgets. {@link BudgetManager} ends its leases. */
  readonly owner: string
}

/**
 * Creates the call limits. A store with one owner is not asked: this process counts its own calls exactly. With several
 * owners each draws its calls from the store, so that together they stay within one limit.
 */
export function createCallLimits({ clock, store, owner }: CallLimitsOptions): CallLimits {
  const limiters = new Map<string, RateLimiter>()
  const scopes = new Map<string, Scope>()
  // Only a store that several owners can share carries messages between them.
  const link = store.ownerMessages
    ? new StoreLink({
        clock,
        store,
        owner,
        scopes,
        ...WITHOUT_HOLDS,
      })
    : undefined

  const make = (name: string, limit: RateLimit): RateLimiter => {
    if (!link) return new RateLimiter(clock, limit)
    const purse = new CallPurse(clock, name, limit, link)
    const { scope } = purse
    scopes.set(name, scope)
    const { currency, limits } = scope
    link.change({ do: 'define', definition: { scope: name, currency, limits, by: 'configuration' } })
    link.draw([scope])
    return new RateLimiter(clock, limit, purse)
  }

  return {
    of(platform, account, limit) {
      const name = nameOf(platform, account)
      const limiter = limiters.get(name) ?? make(name, limit)
      limiters.set(name, limiter)
      return limiter
    },
    find: (platform, account) => limiters.get(nameOf(platform, account)),
    get scopes() {
      return scopes.values()
    },
    refresh: (some) => link?.refresh(some),
    close: async () => link?.close(),
  }
}

const nameOf = (platform: string, account: string): string => `${CALLS}${platform}:${account}`
