import type { Auth, ConnectionTokens, Token } from '../../connectors/index.ts'
import { parseJson } from '../../json/json.ts'
import { type Clock, isoTime, sleep } from '../../time/clock.ts'
import { type Keyring, readGrant, type StoredGrant, sealGrant } from '../credentials/index.ts'
import { emit } from '../events/index.ts'
import type { ConnectorRow, Store } from '../store/index.ts'
import { type OauthClient, refreshTokens, type TokenAnswer, type Tokens } from './client.ts'

/** Shown to the person who has to act. */
export const RECONNECT = 'Please reconnect your account'

/** Columns of a connection that tell where its tokens come from. */
type AuthRow = Pick<ConnectorRow, 'type' | 'metadata'>

export interface TokenKeeperDeps {
  readonly store: Store
  readonly clock: Clock
  readonly keyring: Keyring
  /** Name of this process, new at every start. */
  readonly owner: string
  readonly authOf: (row: AuthRow) => Auth
  readonly clientOf: (type: string) => OauthClient | undefined
  /**
   * Called when a provider refuses our client: once per connection type, and again only after it has accepted the
   * client.
   */
  readonly onClientRefused: (type: string, detail: string) => void
}

type OauthGrant = Extract<StoredGrant, { is: 'oauth2' }>

/** How long before its end a token is refreshed, in milliseconds. */
const MARGIN_MS = 120_000
/** The age at which a token is refreshed even if it ends much later, in milliseconds: idle grants would become invalid. */
const OLDEST_MS = 86_400_000
/**
 * Longest time that a refresh holds the lock, in milliseconds: longer than any refresh takes. After it, the lock of a
 * dead process is free.
 */
const LOCK_MS = 30_000
/** How often it is looked whether another process has refreshed the token, in milliseconds. */
const LOOK_AGAIN_MS = 100
/**
 * First and longest wait between requests for a token that the provider does not give, in milliseconds; doubled each
 * time.
 */
const BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 300_000
/** How long an early exchange is put off after a failure, in milliseconds. */
const PUT_OFF_MS = 3_600_000

export const createTokenKeeper = (deps: TokenKeeperDeps): ConnectionTokens => new StoredTokens(deps)

/**
 * Keeps the access tokens of connections. When several callers and processes need a newer token, one of them asks the
 * platform. Whoever gets the lock first reads the stored token again, and stores a rotated refresh token before anyone
 * uses the access token that came with it.
 */
class StoredTokens implements ConnectionTokens {
  readonly #deps: TokenKeeperDeps
  readonly #underWay = new Map<string, Promise<Token>>()
  /** Failures in a row, by connection. */
  readonly #failures = new Map<string, number>()
  readonly #refusedTypes = new Set<string>()

  constructor(deps: TokenKeeperDeps) {
    this.#deps = deps
  }

  async get(connectorId: string): Promise<Token> {
    const { clock } = this.#deps
    const grant = await this.#grantOf(connectorId)
    if (grant?.is !== 'oauth2') return withoutGrant(grant)
    if (isOld(grant, clock.nowMs())) {
      const token = await this.#once(connectorId, grant.accessToken)
      // The refresh was early, so the present token still works, whatever the state of the provider.
      return token.is === 'unavailable' && isUsable(grant, clock.nowMs()) ? tokenOf(grant) : token
    }
    if (!hasAged(grant, clock.nowMs())) return tokenOf(grant)
    const auth = this.#deps.authOf(await this.#rowOf(connectorId))
    return isEarly(grant, auth, clock.nowMs()) ? this.#once(connectorId, grant.accessToken) : tokenOf(grant)
  }

  async renew(connectorId: string, stale: string): Promise<Token> {
    const grant = await this.#grantOf(connectorId)
    if (grant?.is === 'api_key') {
      await this.lose(connectorId, 'the platform does not accept the key any more')
      return { is: 'auth_lost', detail: 'the platform does not accept the key any more' }
    }
    return this.#once(connectorId, stale)
  }

  async lose(connectorId: string, detail: string): Promise<void> {
    const { store, clock } = this.#deps
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

  /** Callers of this process that need a newer token share one refresh. */
  #once(connectorId: string, stale: string): Promise<Token> {
    const running = this.#underWay.get(connectorId)
    if (running) return running
    const refreshing = this.#refreshLocked(connectorId, stale).finally(() =>
      this.#underWay.delete(connectorId),
    )
    this.#underWay.set(connectorId, refreshing)
    return refreshing
  }

  async #refreshLocked(connectorId: string, stale: string): Promise<Token> {
    const { clock } = this.#deps
    const giveUpMs = clock.elapsedMs() + LOCK_MS
    for (;;) {
      const locked = await this.#lock(connectorId)
      try {
        const grant = await this.#grantOf(connectorId)
        if (grant?.is !== 'oauth2') return withoutGrant(grant)
        if (grant.accessToken !== stale && !isOld(grant, clock.nowMs())) return tokenOf(grant)
        if (locked) return await this.#refresh(connectorId, grant)
      } finally {
        if (locked) await this.#unlock(connectorId)
      }
      if (clock.elapsedMs() > giveUpMs) {
        return this.#unavailable(connectorId, 'another process has been refreshing the token for too long')
      }
      await sleep(clock, LOOK_AGAIN_MS)
    }
  }

  async #refresh(connectorId: string, grant: OauthGrant): Promise<Token> {
    const { clock } = this.#deps
    const row = await this.#rowOf(connectorId)
    const auth = this.#deps.authOf(row)
    const client = this.#deps.clientOf(row.type)
    if (auth.is !== 'oauth2' || !client)
      return this.#unavailable(connectorId, `no OAuth client for ${row.type}`)
    const answer = await refreshTokens(auth, client, grant)
    this.#tellClientRefused(row.type, answer)
    if (answer.is !== 'unavailable') this.#failures.delete(connectorId)
    if (answer.is === 'tokens') return this.#keep(connectorId, grant, answer.tokens)
    if (isEarly(grant, auth, clock.nowMs())) return this.#putOff(connectorId, grant)
    if (answer.is === 'unavailable') return this.#unavailable(connectorId, answer.detail)
    // The platform may have refused because another process was first and rotated the refresh token.
    const again = await this.#grantOf(connectorId)
    if (again?.is === 'oauth2' && again.accessToken !== grant.accessToken) return tokenOf(again)
    await this.lose(connectorId, answer.detail)
    return { is: 'auth_lost', detail: answer.detail }
  }

  #unavailable(connectorId: string, detail: string): Token {
    const count = this.#failures.get(connectorId) ?? 0
    this.#failures.set(connectorId, count + 1)
    return { is: 'unavailable', detail, retryAfterMs: Math.min(BACKOFF_MS * 2 ** count, LONGEST_BACKOFF_MS) }
  }

  #tellClientRefused(type: string, answer: TokenAnswer): void {
    if (answer.is === 'tokens') this.#refusedTypes.delete(type)
    if (answer.is !== 'unavailable' || !answer.isOurs || this.#refusedTypes.has(type)) return
    this.#refusedTypes.add(type)
    this.#deps.onClientRefused(type, answer.detail)
  }

  #keep(connectorId: string, before: OauthGrant, tokens: Tokens): Promise<Token> {
    const nowMs = this.#deps.clock.nowMs()
    return this.#storeGrant(connectorId, {
      is: 'oauth2',
      accessToken: tokens.accessToken,
      // Without a new refresh token in the answer, the old one stays valid.
      refreshToken: tokens.refreshToken ?? before.refreshToken,
      expiresMs: tokens.expiresInMs === undefined ? undefined : nowMs + tokens.expiresInMs,
      obtainedMs: nowMs,
    })
  }

  /** The token is valid for weeks. If it was revoked, the next call shows that; the exchange is tried again later. */
  #putOff(connectorId: string, grant: OauthGrant): Promise<Token> {
    const obtainedMs = this.#deps.clock.nowMs() - OLDEST_MS + PUT_OFF_MS
    return this.#storeGrant(connectorId, { ...grant, obtainedMs })
  }

  async #storeGrant(connectorId: string, grant: OauthGrant): Promise<Token> {
    const { store, clock, keyring } = this.#deps
    await store.db
      .updateTable('connectors')
      .set({ credentials: sealGrant(keyring, connectorId, grant), updated_at: isoTime(clock.nowMs()) })
      .where('id', '=', connectorId)
      .where('credentials', 'is not', null)
      .execute()
    return tokenOf(grant)
  }

  async #lock(connectorId: string): Promise<boolean> {
    const { store, clock, owner } = this.#deps
    const nowMs = clock.nowMs()
    const { numUpdatedRows } = await store.db
      .updateTable('connectors')
      .set({ refresh_owner: owner, refresh_until: isoTime(nowMs + LOCK_MS) })
      .where('id', '=', connectorId)
      .where((is) => is.or([is('refresh_until', 'is', null), is('refresh_until', '<', isoTime(nowMs))]))
      .executeTakeFirst()
    return numUpdatedRows > 0n
  }

  async #unlock(connectorId: string): Promise<void> {
    const { store, owner } = this.#deps
    await store.db
      .updateTable('connectors')
      .set({ refresh_owner: null, refresh_until: null })
      .where('id', '=', connectorId)
      .where('refresh_owner', '=', owner)
      .execute()
  }

  #grantOf(connectorId: string): Promise<StoredGrant | undefined> {
    return readGrant(this.#deps.store, this.#deps.keyring, connectorId)
  }

  #rowOf(connectorId: string): Promise<AuthRow> {
    return this.#deps.store.db
      .selectFrom('connectors')
      .select(['type', 'metadata'])
      .where('id', '=', connectorId)
      .executeTakeFirstOrThrow()
  }
}

const tokenOf = ({ accessToken }: OauthGrant): Token => ({ is: 'token', accessToken })

const withoutGrant = (grant: StoredGrant | undefined): Token =>
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
 * Whether to exchange a token early. It can only be exchanged while it is valid. Waiting for its last minutes would
 * lose the grant if the service is down then, so it is exchanged at its first use of a day.
 */
const isEarly = (grant: OauthGrant, auth: Auth, nowMs: number): boolean =>
  auth.is === 'oauth2' && auth.refresh === 'exchange' && hasAged(grant, nowMs) && !isOld(grant, nowMs)
