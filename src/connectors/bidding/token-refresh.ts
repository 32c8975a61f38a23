import * as oauth from 'oauth4webapi'
import { messageOf } from '../../errors.ts'
import { fetchTokenAnswer, partyAtFault } from '../../http/oauth-answers.ts'
import type { Clock } from '../../time/clock.ts'
import type { Token, TokenSource } from '../conversation/token-source.ts'
import type { RefreshCredentials } from '../platform/bids.ts'

/** A long-lived token from the configuration. When it expires, only a person can replace it. */
export function fixedToken(accessToken: string): TokenSource {
  return {
    get: async () => ({ is: 'token', accessToken }),
    renew: async () => ({ is: 'auth_lost', detail: 'the configured access token has expired' }),
  }
}

/** How long before its end a token is refreshed, in milliseconds. */
const MARGIN_MS = 60_000
/** Longest wait for the answer to a refresh, in milliseconds. */
const TIMEOUT_MS = 10_000
/** How long a failure is kept, in milliseconds: not at all, so that the next operation asks again. */
const RETRY_MS = 0

/** Access tokens from an OAuth 2.0 refresh token (RFC 6749 section 6). */
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
      // Another caller may have renewed the token during the request.
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
      // Plain HTTP is only used for a loopback sandbox; the configuration refuses other http addresses.
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
  return { is: 'unavailable', detail: `no access token: ${detail}`, retryAfterMs: RETRY_MS }
}
