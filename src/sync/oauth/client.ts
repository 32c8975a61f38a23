import * as oauth from 'oauth4webapi'
import type { Answer, Auth, OauthClient } from '../../connectors/index.ts'
import { messageOf } from '../../errors.ts'
import { fetchTokenAnswer, partyAtFault } from '../../http/oauth-answers.ts'

export type { OauthClient }
export type OauthServer = Extract<Auth, { is: 'oauth2' }>

export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly expiresInMs: number | undefined
}

/**
 * Answer of a token endpoint. `lost`: only the person who gave the grant can help. `unavailable`: it may work later;
 * with `isOurs` only after the operator has corrected our client.
 */
export type TokenAnswer =
  | { readonly is: 'tokens'; readonly tokens: Tokens }
  | { readonly is: 'lost'; readonly detail: string }
  | { readonly is: 'unavailable'; readonly detail: string; readonly isOurs: boolean }

/**
 * Whether a text can be a token or key: printable ASCII (RFC 6749, appendix A.12). Nothing else can be sent in a
 * header.
 */
export const isToken = (text: string): boolean => /^[\x20-\x7e]+$/.test(text)

/** Longest time for the whole answer of a token endpoint, in milliseconds. */
const TIMEOUT_MS = 10_000

/** Exchanges the code of an authorization page for tokens. */
export function exchangeCode(
  server: OauthServer,
  client: OauthClient,
  code: string,
  callbackUrl: string,
  verifier: string,
): Promise<TokenAnswer> {
  return answered(
    server,
    async () => {
      const { as, us } = parties(server, client)
      const state = 'checked-before'
      const parameters = oauth.validateAuthResponse(as, us, new URLSearchParams({ code, state }), state)
      const response = await oauth.authorizationCodeGrantRequest(
        as,
        us,
        oauth.ClientSecretPost(client.clientSecret),
        parameters,
        callbackUrl,
        server.pkce ? verifier : oauth.nopkce,
        options(server),
      )
      return oauth.processAuthorizationCodeResponse(as, us, response)
    },
    LOST_CODE,
  )
}

/**
 * Gets a new access token with the refresh token, or with the access token itself where the platform has no refresh
 * tokens.
 */
export function refreshTokens(
  server: OauthServer,
  client: OauthClient,
  current: { readonly accessToken: string; readonly refreshToken: string | undefined },
): Promise<TokenAnswer> {
  if (server.refresh === 'exchange') return exchangeToken(server, client, current.accessToken)
  const { refreshToken } = current
  if (refreshToken === undefined) return Promise.resolve({ is: 'lost', detail: 'there is no refresh token' })
  return answered(server, async () => {
    const { as, us } = parties(server, client)
    const auth = oauth.ClientSecretPost(client.clientSecret)
    const response = await oauth.refreshTokenGrantRequest(as, us, auth, refreshToken, options(server))
    return oauth.processRefreshTokenResponse(as, us, response)
  })
}

/** Meta: exchanges a token valid for an hour, or for 60 days and still valid, for one valid for 60 days from now. */
export function exchangeToken(
  server: OauthServer,
  client: OauthClient,
  accessToken: string,
): Promise<TokenAnswer> {
  return answered(server, async () => {
    const { as, us } = parties(server, client)
    const auth = oauth.ClientSecretPost(client.clientSecret)
    const parameters = { fb_exchange_token: accessToken }
    const response = await oauth.genericTokenEndpointRequest(
      as,
      us,
      auth,
      'fb_exchange_token',
      parameters,
      options(server),
    )
    return oauth.processGenericTokenEndpointResponse(as, us, response)
  })
}

/** Revokes a grant at the platform, where a call can do so. Returns whether it was revoked; never rejects. */
export async function revokeToken(server: OauthServer, client: OauthClient, token: string): Promise<boolean> {
  if (server.revokeUrl === undefined) return false
  try {
    const { as, us } = parties(server, client)
    const auth = oauth.ClientSecretPost(client.clientSecret)
    const response = await oauth.revocationRequest(as, us, auth, token, options(server))
    await oauth.processRevocationResponse(response)
    return true
  } catch {
    return false
  }
}

function parties({ tokenUrl, revokeUrl }: OauthServer, { clientId }: OauthClient) {
  const as = {
    issuer: new URL(tokenUrl).origin,
    token_endpoint: tokenUrl,
    ...(revokeUrl !== undefined && { revocation_endpoint: revokeUrl }),
  }
  return { as, us: { client_id: clientId } }
}

const options = ({ tokenUrl }: OauthServer) => ({
  signal: AbortSignal.timeout(TIMEOUT_MS),
  // Plain HTTP is only used for a loopback sandbox; the configuration refuses other http addresses.
  [oauth.allowInsecureRequests]: tokenUrl.startsWith('http://'),
  [oauth.customFetch]: fetchTokenAnswer,
})

async function answered(
  server: OauthServer,
  ask: () => Promise<oauth.TokenEndpointResponse>,
  lost: ReadonlySet<Answer['is']> = LOST,
): Promise<TokenAnswer> {
  try {
    const { access_token, refresh_token, expires_in } = await ask()
    const expiresInMs = expires_in === undefined ? undefined : expires_in * 1000
    if (![access_token, refresh_token ?? 'none'].every(isToken))
      return {
        is: 'unavailable',
        detail: 'no access token: it has characters that none can have',
        isOurs: false,
      }
    return { is: 'tokens', tokens: { accessToken: access_token, refreshToken: refresh_token, expiresInMs } }
  } catch (error) {
    const party = partyAtFault(error)
    if (party === 'person') return { is: 'lost', detail: 'the platform refused the grant: invalid_grant' }
    const detail = `no access token: ${error instanceof oauth.ResponseBodyError ? error.error : messageOf(error)}`
    return (
      (await ownError(server, error, lost)) ?? { is: 'unavailable', detail, isOurs: party === 'operator' }
    )
  }
}

/** Answers that reject the token itself; other refusals are about our client or the request. */
const LOST: ReadonlySet<Answer['is']> = new Set<Answer['is']>(['auth_lost', 'auth_expired'])
/** Answers after which a person has to authorize again: a code can be used only once. */
const LOST_CODE: ReadonlySet<Answer['is']> = new Set<Answer['is']>([...LOST, 'refused'])

/** Meta reports a problem of our client only in words, with the code of an unknown error. */
const OUR_NAME = /\bclient[ _](?:secret|id)\b|validating application/i

/** The error in the platform's own format; undefined where there is none or no answer. */
async function ownError(
  { readError }: OauthServer,
  error: unknown,
  lost: ReadonlySet<Answer['is']>,
): Promise<TokenAnswer | undefined> {
  const response = error instanceof Error ? error.cause : undefined
  if (!readError || !isResponse(response) || response.bodyUsed) return undefined
  const headers = Object.fromEntries(response.headers)
  const body = await response.text().catch(() => '')
  const answer = readError({ status: response.status, headers, body }, 0)
  if (answer.is === 'ok') return undefined
  const detail = `no access token: ${answer.detail}`
  if (OUR_NAME.test(answer.detail)) return { is: 'unavailable', detail, isOurs: true }
  return lost.has(answer.is)
    ? { is: 'lost', detail: `the platform refused the grant: ${answer.detail}` }
    : { is: 'unavailable', detail, isOurs: answer.is === 'refused' }
}

/** Checked by shape, because a process may contain several classes of this name. */
const isResponse = (value: unknown): value is Response =>
  value instanceof Object && 'bodyUsed' in value && 'headers' in value && 'text' in value
