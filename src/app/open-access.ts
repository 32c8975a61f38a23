import { type Access, KeyBook, OidcSignIn, openSharedApiKeys, recordedKeys } from '../agent/index.ts'
import { ApiKeys, type Authorize, authorizer, CallerLimiter, Sessions } from '../api/index.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import type { BudgetManager } from '../shield/index.ts'
import type { Clock } from '../time/clock.ts'
import type { OpenParts } from './open-parts.ts'
import type { Stores } from './open-stores.ts'

interface Parts extends Pick<Stores, 'records' | 'recovered'> {
  readonly clock: Clock
  readonly log: Logger
  readonly budget: BudgetManager
  /** Signs notices; the same for every process of the service. */
  readonly noticeSecret: string
}

/** Who may call, who has signed in, and the rate limits of callers. */
export interface OpenAccess {
  readonly access: Access
  readonly authorize: Authorize
  readonly callers: CallerLimiter
}

/**
 * Keys that were made at run time are stored in Redis if several processes may share them, otherwise in the records.
 */
export async function openAccess(config: Config, parts: Parts, opened: OpenParts): Promise<OpenAccess> {
  const { clock, log, records, recovered, noticeSecret: sharedSecret } = parts
  const { operatorOrg, publicUrl } = config
  const keys = new ApiKeys(config.apiKeys, clock, config.oidc !== undefined)
  const store =
    config.store.is === 'redis'
      ? await openSharedApiKeys(config.store.url, clock, log)
      : recordedKeys(records, recovered, log)
  opened.add(() => store.close())
  const keyBook = new KeyBook({ ...parts, keys, store, operatorOrg, most: config.tables })
  await store.watch((changes) => keyBook.take(changes))
  const sessions = new Sessions(clock, publicUrl, config.tables.sessions)
  const signingIn = { clock, log, sessions, operatorOrg, publicUrl, sharedSecret }
  const oidc = config.oidc && new OidcSignIn(config.oidc, signingIn)
  const callers = new CallerLimiter(clock, config.callerLimit)
  return {
    access: { keys, sessions, keyBook, operatorOrg, oidc },
    authorize: authorizer({ keys, sessions, operatorOrg }, callers),
    callers,
  }
}
