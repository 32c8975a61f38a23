import type { Readable } from 'node:stream'
import type { FakeClock } from '../../../test/support/fake-clock.ts'
import { createGa4 } from '../ga4/ga4.ts'
import type { Bounds } from './bounds.ts'
import { createBreakers } from './breakers.ts'

interface Opened {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable
}

/** The dependencies and the caller of a conversation with a platform that gives `answer` to every request. */
export function answeredBy(clock: FakeClock, bounds: Bounds, answer: () => Opened) {
  const token = { is: 'token', accessToken: 'secret' } as const
  const nothing = async () => {}
  const deps = {
    clock,
    grantWorks: async () => true,
    bounds,
    http: {
      send: async () => ({ is: 'not_sent', detail: '', latencyMs: 1 }) as const,
      open: async () => ({ is: 'opened', ...answer(), latencyMs: 1 }) as const,
      openPublic: async () => ({ is: 'not_allowed', detail: '' }) as const,
      close: nothing,
    },
    publicFilesOnly: false,
    tokens: { get: async () => token, renew: async () => token, lose: nothing },
    limits: {
      admits: () => ({ is: 'admitted' }) as const,
      take: async () => ({ is: 'admitted' }) as const,
      block() {},
      observe() {},
      waitMs: () => 0,
      status: () => ({ current: 0, limit: 1, resetAtMs: 0 }),
    },
    breakers: createBreakers(clock, () => {}),
    onCall() {},
    onLimited() {},
    onWrite() {},
  }
  const connector = createGa4()
  const caller = {
    connector,
    connectorId: 'c',
    account: { type: connector.type, orgId: 1, accountId: 'a' },
    priority: 'read_premium',
  } as const
  return { deps, caller }
}
