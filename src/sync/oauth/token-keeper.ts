import type { Selectable } from 'kysely'
import { type Clock, isoTime, sleep } from '../../clock.ts'
import { parseJson } from '../../json.ts'
import type { Auth } from '../connectors/read-connector.ts'
import { type Grant, type Keyring, readGrant, sealGrant } from '../credentials/index.ts'
import { emit } from '../events/index.ts'
import type { ConnectorTable, Store } from '../store/index.ts'
import { type OauthClient, refreshTokens, type TokenAnswer, type Tokens } from './client.ts'

export type Token =
  | { readonly is: 'token'; readonly accessToken: string }
  | { readonly is: 'auth_lost'; readonly detail: string }
  /** It is worth asking again after `retryAfterMs`. */
  | { readonly is: 'unavailable'; readonly detail: string; readonly retryAfterMs: number }

/** Shown to a person who has to act. */
export const RECONNECT = 'Please reconnect your account'

/** What of a connection says where its tokens come from. */
type AuthRow = Pick<Selectable<ConnectorTable>, 'type' | 'metadata'>

export interface TokenKeeperDeps {
  readonly store: Store
  readonly clock: Clock
  readonly keyring: Keyring
  /** Names this process; another after every start. */
  readonly owner: string
  readonly authOf: (row: AuthRow) => Auth
  readonly clientOf: (type: string) => OauthClient | undefined
  /** A provider refuses our client: told once for each type of connection, and again only after it has accepted it. */
  readonly onClientRefused: (type: string, detail: string) => void
}

export interface TokenKeeper {
  /** A token that should work now; refreshed ahead of its end. */
  get(connectorId: string): Promise<Token>
  /** A newer token than `stale`, which the platform has called expired. */
  renew(connectorId: string, stale: string): Promise<Token>
  /** The platform has taken the grant back: the connection waits for a person. */
  lose(connectorId: string, detail: string): Promise<void>
}

type OauthGrant = Extract<Grant, { is: 'oauth2' }>

/** Refreshed this long before its end, and at least once a day, so that idle grants stay alive. */
const MARGIN_MS = 120_000
const OLDEST_MS = 86_400_000
/** Longer than a refresh can take; a dead process holds the lock no longer. */
const LOCK_MS = 30_000
const LOOK_AGAIN_MS = 100
/** Between two questions of a connection whose provider gives no token: doubled each time, up to the longest. */
const BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 300_000
/** After an early exchange that failed. */
const PUT_OFF_MS = 3_600_000

/**
 * Access tokens of connections. However many callers and processes need a newer one at the same time, one of them asks the
 * platform: whoever gets the lock reads again before asking, and stores a rotated refresh token before anyone uses the
 * access token that came with it.
 */
export function createTokenKeeper(deps: TokenKeeperDeps): TokenKeeper {
  const { store, clock, keyring } = deps
  const underWay = new Map<string, Promise<Token>>()
  /** Failures in a row of the connections whose provider gives no token. */
  const failures = new Map<string, number>()
  const refusedTypes = new Set<string>()

  const once = (connectorId: string, stale: string): Promise<Token> => {
    const running = underWay.get(connectorId)
    if (running) return running
    const refreshing = refreshLocked(connectorId, stale).finally(() => underWay.delete(connectorId))
    underWay.set(connectorId, refreshing)
    return refreshing
  }

  async function refreshLocked(connectorId: string, stale: string): Promise<Token> {
    const giveUpMs = clock.elapsedMs() + LOCK_MS
    for (;;) {
      const locked = await lock(connectorId)
      try {
        const grant = await readGrant(store, keyring, connectorId)
        if (grant?.is !== 'oauth2') return withoutGrant(grant)
        if (grant.accessToken !== stale && !isOld(grant, clock.nowMs())) return tokenOf(grant)
        if (locked) return await refresh(connectorId, grant)
      } finally {
        if (locked) await unlock(connectorId)
      }
      if (clock.elapsedMs() > giveUpMs) {
        return unavailable(connectorId, 'another process has been refreshing the token for too long')
      }
      await sleep(clock, LOOK_AGAIN_MS)
    }
  }

  async function refresh(connectorId: string, grant: OauthGrant): Promise<Token> {
    const row = await rowOf(connectorId)
    const auth = deps.authOf(row)
    const client = deps.clientOf(row.type)
    if (auth.is !== 'oauth2' || !client) return unavailable(connectorId, `no OAuth client for ${row.type}`)
    const answer = await refreshTokens(auth, client, grant)
    tellClientRefused(row.type, answer)
    if (answer.is !== 'unavailable') failures.delete(connectorId)
    if (answer.is === 'tokens') return keep(connectorId, grant, answer.tokens)
    if (isEarly(grant, auth, clock.nowMs())) return putOff(connectorId, grant)
    if (answer.is === 'unavailable') return unavailable(connectorId, answer.detail)
    // The platform may have refused because a sibling was first and its refresh token replaced ours.
    const again = await readGrant(store, keyring, connectorId)
    if (again?.is === 'oauth2' && again.accessToken !== grant.accessToken) return tokenOf(again)
    await lose(connectorId, answer.detail)
    return { is: 'auth_lost', detail: answer.detail }
  }

  function unavailable(connectorId: string, detail: string): Token {
    const count = failures.get(connectorId) ?? 0
    failures.set(connectorId, count + 1)
    return { is: 'unavailable', detail, retryAfterMs: Math.min(BACKOFF_MS * 2 ** count, LONGEST_BACKOFF_MS) }
  }

  function tellClientRefused(type: string, answer: TokenAnswer): void {
    if (answer.is === 'tokens') refusedTypes.delete(type)
    if (answer.is !== 'unavailable' || !answer.isOurs || refusedTypes.has(type)) return
    refusedTypes.add(type)
    deps.onClientRefused(type, answer.detail)
  }

  function keep(connectorId: string, before: OauthGrant, tokens: Tokens): Promise<Token> {
    const nowMs = clock.nowMs()
    return storeGrant(connectorId, {
      is: 'oauth2',
      accessToken: tokens.accessToken,
      // An answer without a refresh token means that the old one goes on.
      refreshToken: tokens.refreshToken ?? before.refreshToken,
      expiresMs: tokens.expiresInMs === undefined ? undefined : nowMs + tokens.expiresInMs,
      obtainedMs: nowMs,
    })
  }

  /** The token works for weeks: whether it is dead the next call will say, and an exchange is tried again later. */
  const putOff = (connectorId: string, grant: OauthGrant): Promise<Token> =>
    storeGrant(connectorId, { ...grant, obtainedMs: clock.nowMs() - OLDEST_MS + PUT_OFF_MS })

  async function storeGrant(connectorId: string, grant: OauthGrant): Promise<Token> {
    await store.db
      .updateTable('connectors')
      .set({ credentials: sealGrant(keyring, connectorId, grant), updated_at: isoTime(clock.nowMs()) })
      .where('id', '=', connectorId)
      .where('credentials', 'is not', null)
      .execute()
    return tokenOf(grant)
  }

  async function lose(connectorId: string, detail: string): Promise<void> {
    const now = isoTime(clock.nowMs())
    await store.db.transaction().execute(async (tx) => {
      const row = await tx
        .updateTable('connectors')
        .set({ status: 'error', updated_at: now })
        .where('id', '=', connectorId)
        .where('status', '=', 'connected')
        .returning(['org_id', 'type', 'account_id', 'metadata'])
        .executeTakeFirst()
      if (!row) return
      const metadata = { ...parseJson(row.metadata), message: RECONNECT, error: detail }
      await tx
        .updateTable('connectors')
        .set({ metadata: JSON.stringify(metadata) })
        .where('id', '=', connectorId)
        .execute()
      const data = { connector_type: row.type, account_id: row.account_id, message: RECONNECT, detail }
      await emit(tx, clock, { orgId: row.org_id, type: 'oauth_revoked', subject: connectorId, data })
    })
  }

  async function lock(connectorId: string): Promise<boolean> {
    const nowMs = clock.nowMs()
    const { numUpdatedRows } = await store.db
      .updateTable('connectors')
      .set({ refresh_owner: deps.owner, refresh_until: isoTime(nowMs + LOCK_MS) })
      .where('id', '=', connectorId)
      .where((is) => is.or([is('refresh_until', 'is', null), is('refresh_until', '<', isoTime(nowMs))]))
      .executeTakeFirst()
    return numUpdatedRows > 0n
  }

  async function unlock(connectorId: string): Promise<void> {
    await store.db
      .updateTable('connectors')
      .set({ refresh_owner: null, refresh_until: null })
      .where('id', '=', connectorId)
      .where('refresh_owner', '=', deps.owner)
      .execute()
  }

  const rowOf = (connectorId: string): Promise<AuthRow> =>
    store.db
      .selectFrom('connectors')
      .select(['type', 'metadata'])
      .where('id', '=', connectorId)
      .executeTakeFirstOrThrow()

  return {
    async get(connectorId) {
      const grant = await readGrant(store, keyring, connectorId)
      if (grant?.is !== 'oauth2') return withoutGrant(grant)
      if (isOld(grant, clock.nowMs())) {
        const token = await once(connectorId, grant.accessToken)
        // Refreshed ahead of its end: until then it works, whatever the provider's state.
        return token.is === 'unavailable' && isUsable(grant, clock.nowMs()) ? tokenOf(grant) : token
      }
      if (!hasAged(grant, clock.nowMs())) return tokenOf(grant)
      const auth = deps.authOf(await rowOf(connectorId))
      return isEarly(grant, auth, clock.nowMs()) ? once(connectorId, grant.accessToken) : tokenOf(grant)
    },
    async renew(connectorId, stale) {
      const grant = await readGrant(store, keyring, connectorId)
      if (grant?.is === 'api_key') {
        await lose(connectorId, 'the platform does not accept the key any more')
        return { is: 'auth_lost', detail: 'the platform does not accept the key any more' }
      }
      return once(connectorId, stale)
    },
    lose,
  }
}

const tokenOf = ({ accessToken }: OauthGrant): Token => ({ is: 'token', accessToken })

const withoutGrant = (grant: Grant | undefined): Token =>
  grant?.is === 'api_key'
    ? { is: 'token', accessToken: grant.apiKey }
    : { is: 'auth_lost', detail: 'the account is not connected' }

const isUsable = ({ expiresMs }: OauthGrant, nowMs: number): boolean =>
  expiresMs === undefined || nowMs < expiresMs

function isOld({ expiresMs, obtainedMs, refreshToken }: OauthGrant, nowMs: number): boolean {
  if (expiresMs !== undefined && nowMs >= expiresMs - MARGIN_MS) return true
  return refreshToken !== undefined && nowMs >= obtainedMs + OLDEST_MS
}

const hasAged = ({ obtainedMs }: OauthGrant, nowMs: number): boolean => nowMs >= obtainedMs + OLDEST_MS

/**
 * A token that is exchanged for a longer one has to be so while it works, and every use of a day is a chance: who waits for
 * its last minutes loses the grant when the service is down in them.
 */
const isEarly = (grant: OauthGrant, auth: Auth, nowMs: number): boolean =>
  auth.is === 'oauth2' && auth.refresh === 'exchange' && hasAged(grant, nowMs) && !isOld(grant, nowMs)
