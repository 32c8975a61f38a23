import { createHash, randomBytes } from 'node:crypto'
import * as oauth from 'oauth4webapi'
import type { ConnectorType, Json } from '../../connectors/index.ts'
import { AppError, invalidField } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import { type Clock, isoTime } from '../../time/clock.ts'
import type { Keyring } from '../credentials/index.ts'
import type { Store } from '../store/index.ts'
import { exchangeCode, exchangeToken, type OauthClient, type OauthServer, type Tokens } from './client.ts'

export interface AuthorizationDeps {
  readonly store: Store
  readonly clock: Clock
  readonly keyring: Keyring
  /** Deletes the oldest authorizations of an organisation that has begun too many. */
  readonly makePlace: (orgId: number) => Promise<void>
  /** Addresses to which a browser may be sent back; `loopback` also allows any on this machine. */
  readonly callbacks: { readonly urls: readonly string[]; readonly loopback: boolean }
}

export interface AuthorizationRequest {
  readonly orgId: number
  readonly type: ConnectorType
  /** Connection that is connected again; undefined for a new one. */
  readonly connectorId: string | undefined
  readonly callbackUrl: string
  readonly settings: Readonly<Record<string, Json>>
}

export interface LoginDone {
  readonly tokens: Tokens
  readonly type: ConnectorType
  readonly connectorId: string | undefined
  readonly settings: Readonly<Record<string, Json>>
}

/** How long a state is valid, in milliseconds. It can be used once. */
const STATE_MS = 600_000

const hashed = (state: string): string => createHash('sha256').update(state).digest('hex')
const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/

/** Begins an authorization. Returns the address for the browser and the state with which it has to come back. */
export async function initiate(
  { store, clock, keyring, callbacks, makePlace }: AuthorizationDeps,
  server: OauthServer,
  client: OauthClient,
  request: AuthorizationRequest,
): Promise<{ authorizationUrl: string; state: string }> {
  const { callbackUrl } = request
  if (!callbacks.urls.includes(callbackUrl) && !(callbacks.loopback && LOOPBACK.test(callbackUrl))) {
    throw invalidField('callback_url', 'is not on the list of allowed addresses')
  }
  const state = randomBytes(32).toString('base64url')
  const verifier = oauth.generateRandomCodeVerifier()
  const nowMs = clock.nowMs()
  await store.db.deleteFrom('oauth_states').where('expires_at', '<', isoTime(nowMs)).execute()
  await makePlace(request.orgId)
  await store.db
    .insertInto('oauth_states')
    .values({
      state_hash: hashed(state),
      org_id: request.orgId,
      connector_type: request.type,
      connector_id: request.connectorId ?? null,
      callback_url: callbackUrl,
      verifier: keyring.seal(verifier, `state:${hashed(state)}`),
      settings: JSON.stringify(request.settings),
      expires_at: isoTime(nowMs + STATE_MS),
    })
    .execute()
  const url = new URL(server.authorizeUrl)
  const parameters = {
    ...server.extra,
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: callbackUrl,
    scope: server.scopes.join(server.scopeSeparator),
    state,
    ...(server.pkce && {
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return { authorizationUrl: url.href, state }
}

/** Uses up the state and exchanges the code. A state of another organisation is not found. */
export async function finish(
  { store, clock, keyring }: AuthorizationDeps,
  partiesOf: (
    type: string,
    settings: Readonly<Record<string, Json>>,
  ) => { type: ConnectorType; server: OauthServer; client: OauthClient },
  orgId: number,
  state: string,
  code: string,
): Promise<LoginDone> {
  const stateHash = hashed(state)
  const row = await store.db
    .deleteFrom('oauth_states')
    .where('state_hash', '=', stateHash)
    .where('org_id', '=', orgId)
    .returningAll()
    .executeTakeFirst()
  if (!row || row.expires_at < isoTime(clock.nowMs())) {
    throw invalidField('state', 'is unknown, was used before, or is older than 10 minutes')
  }
  const { type, server, client } = partiesOf(row.connector_type, parseJson(row.settings))
  const verifier = keyring.open(row.verifier, `state:${stateHash}`)
  let answer = await exchangeCode(server, client, code, row.callback_url, verifier)
  if (answer.is === 'tokens' && server.refresh === 'exchange') {
    answer = await exchangeToken(server, client, answer.tokens.accessToken)
  }
  if (answer.is === 'lost') {
    throw invalidField('code', answer.detail)
  }
  if (answer.is === 'unavailable') throw new AppError('platform_unavailable', answer.detail, 'later')
  const { connector_id } = row
  return {
    tokens: answer.tokens,
    type,
    connectorId: connector_id ?? undefined,
    settings: parseJson(row.settings),
  }
}
