import * as oauth from 'oauth4webapi'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { fetchTokenAnswer, partyAtFault } from '../oauth-answers.ts'

export type Token =
  | { readonly is: 'token'; readonly accessToken: string }
  | { readonly is: 'auth_lost'; readonly detail: string }
  | { readonly is: 'unavailable'; readonly detail: string }

/** Where a connector gets its access token. */
export interface TokenSource {
  /** A token that should work now. */
  get(): Promise<Token>
  /** A newer token than `stale`, which the platform has called expired. Callers at the same time share one refresh. */
  renew(stale: string): Promise<Token>
}

/** A long-lived token from configuration; when it expires only a person can replace it. */
export function fixedToken(accessToken: string): TokenSource {
  return {
    get: async () => ({ is: 'token', accessToken }),
    renew: async () => ({ is: 'auth_lost', detail: 'the configured access token has expired' }),
  }
}

export interface RefreshCredentials {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

/** Fetched anew this long before it would expire. */
const MARGIN_MS = 60_000
const TIMEOUT_MS = 10_000

/** Access tokens from an OAuth 2.0 refresh token; see RFC 6749 section 6. */
export function refreshedToken(clock: Clock, credentials: RefreshCredentials): TokenSource {
  let current: { accessToken: string; expiresMs: number } | undefined
  let refreshing: Promise<Token> | undefined

  async function refresh(): Promise<Token> {
    try {
      const granted = await grant(credentials)
      current = {
        accessToken: granted.access_token,
        expiresMs: clock.elapsedMs() + (granted.expires_in ?? Number.POSITIVE_INFINITY) * 1000 - MARGIN_MS,
      }
      return { is: 'token', accessToken: current.accessToken }
    } catch (error) {
      return failureOf(error)
    }
  }

  const refreshOnce = (): Promise<Token> => {
    refreshing ??= refresh().finally(() => {
      refreshing = undefined
    })
    return refreshing
  }

  return {
    async get() {
      if (current && clock.elapsedMs() < current.expiresMs)
        return { is: 'token', accessToken: current.accessToken }
      return refreshOnce()
    },
    async renew(stale) {
      // Another caller may have renewed it while this one's request was under way.
      if (current && current.accessToken !== stale) return { is: 'token', accessToken: current.accessToken }
      return refreshOnce()
    },
  }
}

async function grant({ tokenUrl, clientId, clientSecret, refreshToken }: RefreshCredentials) {
  const server = { issuer: new URL(tokenUrl).origin, token_endpoint: tokenUrl }
  const client = { client_id: clientId }
  const response = await oauth.refreshTokenGrantRequest(
    server,
    client,
    oauth.ClientSecretPost(clientSecret),
    refreshToken,
    {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      // Plain HTTP only ever reaches a loopback sandbox; configuration refuses other http addresses.
      [oauth.allowInsecureRequests]: tokenUrl.startsWith('http://'),
      [oauth.customFetch]: fetchTokenAnswer,
    },
  )
  return oauth.processRefreshTokenResponse(server, client, response)
}

function failureOf(error: unknown): Token {
  if (partyAtFault(error) === 'person') {
    return { is: 'auth_lost', detail: 'the refresh token was refused: invalid_grant' }
  }
  const detail = error instanceof oauth.ResponseBodyError ? error.error : messageOf(error)
  return { is: 'unavailable', detail: `no access token: ${detail}` }
}
