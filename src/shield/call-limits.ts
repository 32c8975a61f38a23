import type { Clock } from '../clock.ts'
import { CallPurse } from './call-purse.ts'
import { type RateLimit, RateLimiter } from './rate-limiter.ts'
import { CALLS, type Scope } from './scope.ts'
import type { BudgetStore } from './store/store.ts'
import { StoreLink } from './store-link.ts'

/** The limits on calls, by platform and account: whoever calls an account in this process counts with the same limiter. */
export interface CallLimits {
  /** The limiter of an account, made when it is first asked for. */
  of(platform: string, account: string, limit: RateLimit): RateLimiter
  /** Undefined for an account nobody has set a limit for. */
  find(platform: string, account: string): RateLimiter | undefined
  /** Gives back what was not called. */
  close(): Promise<void>
}

export interface CallLimitsOptions {
  readonly clock: Clock
  readonly store: BudgetStore
  /** Names this process to the store, as for its budgets; whoever keeps those ends its leases. */
  readonly owner: string
}

/**
 * Limits that this process alone counts, exactly; where a store has several owners, they draw their calls from it, so that
 * all of them together stay within one limit.
 */
export function createCallLimits({ clock, store, owner }: CallLimitsOptions): CallLimits {
  const limiters = new Map<string, RateLimiter>()
  const scopes = new Map<string, Scope>()
  // Owners that share a store reach each other by its mail.
  const link = store.mail
    ? new StoreLink({
        clock,
        store,
        owner,
        scopes,
        nextHold: () => 0,
        onOverdraft: () => undefined,
        onControl: () => undefined,
        onDefined: () => undefined,
        onEnded: () => undefined,
        staysOwner: true,
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
    close: async () => link?.close(),
  }
}

const nameOf = (platform: string, account: string): string => `${CALLS}${platform}:${account}`
