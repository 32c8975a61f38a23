import type { Clock } from '../../time/clock.ts'
import type { AccountRef, Connector } from '../platform/connector.ts'
import { NothingReached, type Talk } from '../platform/steps.ts'
import { createAnswerCache } from './answer-cache.ts'
import type { CallDeps, CallerOf } from './call.ts'
import { converseNow } from './converse.ts'

/** How long the result "the grant works" is used, in milliseconds, however many objects are refused meanwhile. */
const KEPT_MS = 60_000
/** Most connections whose result is kept. */
const MAX_CONNECTIONS = 10_000
/** Longest time for one check, in milliseconds, including its waits. */
const PATIENCE_MS = 20_000

/**
 * Asks whether a grant works: once for all who ask at the same time, and at most once a minute while it does. A
 * lost grant may be restored at any time, so that result is not kept.
 * @param max number of grants whose result is kept
 */
export const rememberedGrants = (clock: Clock, max: number) =>
  createAnswerCache(clock, { keepMs: KEPT_MS, max, isKept: (works: boolean) => works })

/** `grantWorks` of the check itself, which must not start another check: if it is forbidden, the grant does not work. */
export const isTheCheck = async (): Promise<boolean> => false

/**
 * Finds out whether a connection's grant works at all after a missing permission: it does if the platform still lists
 * accounts. A grant whose state cannot be found out counts as working.
 * @param settingsOf settings of a connection
 */
export function createGrantCheck(
  deps: Omit<CallDeps, 'grantWorks'>,
  settingsOf: (connectorId: string) => Promise<AccountRef['settings']>,
): CallDeps['grantWorks'] {
  const remembered = rememberedGrants(deps.clock, MAX_CONNECTIONS)

  async function ask(caller: CallerOf): Promise<boolean> {
    const talk = reaches(caller.connector, await settingsOf(caller.connectorId))
    const talked = await converseNow(asGrantCheck(deps), caller, talk, PATIENCE_MS)
    return talked.is === 'done' ? talked.value : talked.is !== 'auth_lost'
  }
  return (caller) => remembered(caller.connectorId, () => ask(caller))
}

/** Dependencies for the check itself. */
export const asGrantCheck = (deps: Omit<CallDeps, 'grantWorks'>): CallDeps => ({
  ...deps,
  grantWorks: isTheCheck,
})

function* reaches(connector: Connector, settings: AccountRef['settings']): Talk<boolean> {
  try {
    yield* connector.accounts(settings)
    return true
  } catch (error) {
    if (error instanceof NothingReached) return false
    throw error
  }
}
