import type { Clock } from '../clock.ts'
import type { GoogleErrorName } from './google-errors.ts'
import type { Handler, Reply } from './protocol.ts'

const OAUTH_ERRORS = {
  invalid_request: { status: 400, description: 'Bad Request' },
  invalid_client: { status: 401, description: 'Unauthorized' },
  invalid_grant: { status: 400, description: 'Token has been expired or revoked.' },
  unauthorized_client: { status: 401, description: 'Unauthorized' },
  unsupported_grant_type: { status: 400, description: 'Invalid grant_type' },
  invalid_scope: { status: 400, description: 'Some requested scopes were invalid.' },
} as const

type OauthErrorName = keyof typeof OAUTH_ERRORS

export const isOauthErrorName = (name: string): name is OauthErrorName => Object.hasOwn(OAUTH_ERRORS, name)

export function oauthError(error: OauthErrorName): Reply {
  const { status, description } = OAUTH_ERRORS[error]
  return { status, body: { error, error_description: description } }
}

const LIFETIME_S = 3599
const SCOPE = 'https://www.googleapis.com/auth/adwords'

export interface OauthCredentials {
  readonly accessToken: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

export interface GoogleOauth {
  readonly handle: Handler
  /** What is wrong with an access token. The first one of the credentials has no end of its own, the others live 3599 s. */
  problemOf(accessToken: string): GoogleErrorName | undefined
  /** Makes every access token given out so far too old. */
  expireAccess(): void
  /** Every access token, also a later one, is answered as revoked until {@link restore}. */
  revokeAccess(): void
  revokeRefresh(): void
  restore(): void
}

/** Google's token endpoint for one grant. */
export function createGoogleOauth(clock: Clock, credentials: OauthCredentials): GoogleOauth {
  const goodUntilMs = new Map([[credentials.accessToken, Number.POSITIVE_INFINITY]])
  let issued = 0
  let accessRevoked = false
  let refreshRevoked = false

  return {
    handle({ method, body, headers }) {
      if (method !== 'POST') return { status: 404, body: { error: 'Not Found' } }
      if (!(headers.get('content-type') ?? '').startsWith('application/x-www-form-urlencoded')) {
        return oauthError('invalid_request')
      }
      const form = new URLSearchParams(body)
      if (form.get('client_id') !== credentials.clientId) return oauthError('invalid_client')
      if (form.get('client_secret') !== credentials.clientSecret) return oauthError('invalid_client')
      if (form.get('grant_type') !== 'refresh_token') return oauthError('unsupported_grant_type')
      if (!form.has('refresh_token')) return oauthError('invalid_request')
      if (refreshRevoked || form.get('refresh_token') !== credentials.refreshToken) {
        return oauthError('invalid_grant')
      }
      issued += 1
      const accessToken = `ya29.sandbox-${issued}`
      goodUntilMs.set(accessToken, clock.elapsedMs() + LIFETIME_S * 1000)
      return {
        status: 200,
        headers: { 'cache-control': 'no-store' },
        body: { access_token: accessToken, expires_in: LIFETIME_S, scope: SCOPE, token_type: 'Bearer' },
      }
    },
    problemOf(accessToken) {
      const untilMs = goodUntilMs.get(accessToken)
      if (untilMs === undefined) return 'OAUTH_TOKEN_INVALID'
      if (accessRevoked) return 'OAUTH_TOKEN_REVOKED'
      return clock.elapsedMs() >= untilMs ? 'OAUTH_TOKEN_EXPIRED' : undefined
    },
    expireAccess() {
      for (const token of goodUntilMs.keys()) goodUntilMs.set(token, Number.NEGATIVE_INFINITY)
    },
    revokeAccess() {
      accessRevoked = true
    },
    revokeRefresh() {
      refreshRevoked = true
    },
    restore() {
      accessRevoked = false
      refreshRevoked = false
    },
  }
}
