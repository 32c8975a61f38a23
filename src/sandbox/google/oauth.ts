import { randomUUID } from 'node:crypto'
import type { Clock } from '../../time/clock.ts'
import type { GoogleErrorName } from '../google-ads/errors.ts'
import { meetsChallenge, redirectTo } from '../oauth.ts'
import type { Call, Handler, SandboxReply } from '../protocol.ts'

const OAUTH_ERRORS = {
  invalid_request: { status: 400, description: 'Bad Request' },
  invalid_client: { status: 401, description: 'Unauthorized' },
  invalid_grant: { status: 400, description: 'Token has been expired or revoked.' },
  invalid_token: { status: 400, description: 'Token expired or revoked' },
  unauthorized_client: { status: 401, description: 'Unauthorized' },
  unsupported_grant_type: { status: 400, description: 'Invalid grant_type' },
  invalid_scope: { status: 400, description: 'Some requested scopes were invalid.' },
} as const

type OauthErrorName = keyof typeof OAUTH_ERRORS

export const isOauthErrorName = (name: string): name is OauthErrorName => Object.hasOwn(OAUTH_ERRORS, name)

export function oauthError(error: OauthErrorName): SandboxReply {
  const { status, description } = OAUTH_ERRORS[error]
  return { status, body: { error, error_description: description } }
}

/** How long an access token is good, in seconds. */
const LIFETIME_S = 3599
/** How long an authorization code is good, in milliseconds. */
const CODE_LIFETIME_MS = 600_000
export const ADS_SCOPE = 'https://www.googleapis.com/auth/adwords'

export interface OauthCredentials {
  readonly accessToken: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

export interface GoogleOauth {
  /** Answers `/authorize`, which redirects back at once, `/token` and `/revoke`. */
  readonly handle: Handler
  /**
   * What is wrong with an access token; undefined if it is good. The one of the credentials is good until it is expired
   * or revoked here, any other for 3599 s.
   */
  problemOf(accessToken: string): GoogleErrorName | undefined
  /** The OAuth scopes of an access token. */
  scopesOf(accessToken: string): readonly string[]
  /** Makes every access token given out so far too old. */
  expireAccess(): void
  /** Answers every access token, also a later one, as revoked until {@link restore}. */
  revokeAccess(): void
  /** Answers every refresh with `invalid_grant` until {@link restore}. */
  revokeRefresh(): void
  restore(): void
}

interface Grant {
  readonly scope: string
  revoked: boolean
}
interface Authorized {
  readonly redirectUri: string
  readonly challenge: string | null
  readonly grant: Grant
  readonly untilMs: number
}

/** The authorization codes of one client; each is good once. */
function createCodes(clock: Clock, clientId: string) {
  const codes = new Map<string, Authorized>()

  function authorize({ query }: Call): SandboxReply {
    const [redirectUri, scope] = [query.get('redirect_uri'), query.get('scope')]
    if (query.get('client_id') !== clientId) return oauthError('invalid_client')
    if (redirectUri === null || !URL.canParse(redirectUri) || query.get('response_type') !== 'code')
      return oauthError('invalid_request')
    if (!scope) return oauthError('invalid_scope')
    const [challenge, method] = [query.get('code_challenge'), query.get('code_challenge_method')]
    if (challenge !== null && method !== 'S256') return oauthError('invalid_request')
    const code = `4/${randomUUID()}`
    const untilMs = clock.elapsedMs() + CODE_LIFETIME_MS
    codes.set(code, { redirectUri, challenge, grant: { scope, revoked: false }, untilMs })
    return redirectTo(redirectUri, { state: query.get('state') ?? '', code, scope })
  }

  /** What the form's code grants; undefined if the code is not good, or the rest does not fit it. */
  function redeem(form: URLSearchParams): Grant | undefined {
    const code = form.get('code') ?? ''
    const authorized = codes.get(code)
    // The code is used up even if the rest does not fit.
    codes.delete(code)
    if (!authorized || clock.elapsedMs() > authorized.untilMs) return undefined
    if (form.get('redirect_uri') !== authorized.redirectUri) return undefined
    return meetsChallenge(authorized.challenge, form) ? authorized.grant : undefined
  }
  return { authorize, redeem }
}

/** The access tokens of one client. */
function createAccessTokens(clock: Clock) {
  const tokens = new Map<string, { readonly grant: Grant; untilMs: number }>()
  let issued = 0
  let areRevoked = false

  function put(accessToken: string, grant: Grant, untilMs: number): void {
    tokens.set(accessToken, { grant, untilMs })
  }
  return {
    put,
    issue(grant: Grant): string {
      issued += 1
      const accessToken = `ya29.sandbox-${issued}`
      put(accessToken, grant, clock.elapsedMs() + LIFETIME_S * 1000)
      return accessToken
    },
    grantOf: (accessToken: string): Grant | undefined => tokens.get(accessToken)?.grant,
    problemOf(accessToken: string): GoogleErrorName | undefined {
      const found = tokens.get(accessToken)
      if (found === undefined) return 'OAUTH_TOKEN_INVALID'
      if (areRevoked || found.grant.revoked) return 'OAUTH_TOKEN_REVOKED'
      return clock.elapsedMs() >= found.untilMs ? 'OAUTH_TOKEN_EXPIRED' : undefined
    },
    expireAll() {
      for (const token of tokens.values()) token.untilMs = Number.NEGATIVE_INFINITY
    },
    /** Answers every token as revoked, or no longer does. */
    setRevoked(isRevoked: boolean) {
      areRevoked = isRevoked
    },
  }
}

/** Google's authorization server for one client. */
export function createGoogleOauth(clock: Clock, credentials: OauthCredentials): GoogleOauth {
  const first: Grant = { scope: ADS_SCOPE, revoked: false }
  const access = createAccessTokens(clock)
  access.put(credentials.accessToken, first, Number.POSITIVE_INFINITY)
  const refresh = new Map([[credentials.refreshToken, first]])
  const codes = createCodes(clock, credentials.clientId)
  let refreshRevoked = false

  function token(form: URLSearchParams): SandboxReply {
    if (form.get('client_id') !== credentials.clientId) return oauthError('invalid_client')
    if (form.get('client_secret') !== credentials.clientSecret) return oauthError('invalid_client')
    switch (form.get('grant_type')) {
      case 'refresh_token':
        return refreshed(form)
      case 'authorization_code':
        return exchanged(form)
      default:
        return oauthError('unsupported_grant_type')
    }
  }

  /** A new access token. The answer has no refresh token: the old one stays good. */
  function refreshed(form: URLSearchParams): SandboxReply {
    if (!form.has('refresh_token')) return oauthError('invalid_request')
    const grant = refresh.get(form.get('refresh_token') ?? '')
    if (refreshRevoked || !grant || grant.revoked) return oauthError('invalid_grant')
    return given(grant)
  }

  function exchanged(form: URLSearchParams): SandboxReply {
    const grant = codes.redeem(form)
    if (!grant) return oauthError('invalid_grant')
    const refreshToken = `1//sandbox-${randomUUID()}`
    refresh.set(refreshToken, grant)
    return given(grant, { refresh_token: refreshToken })
  }

  const given = (grant: Grant, more: Record<string, string> = {}): SandboxReply => ({
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      access_token: access.issue(grant),
      expires_in: LIFETIME_S,
      scope: grant.scope,
      token_type: 'Bearer',
      ...more,
    },
  })

  /** Revokes the whole grant of an access or refresh token. */
  function revoke(form: URLSearchParams): SandboxReply {
    const named = form.get('token') ?? ''
    const grant = refresh.get(named) ?? access.grantOf(named)
    if (!grant || grant.revoked) return oauthError('invalid_token')
    grant.revoked = true
    return { status: 200, body: {} }
  }

  return {
    handle(call) {
      if (call.method === 'GET' && call.path === '/authorize') return codes.authorize(call)
      if (call.method !== 'POST') return { status: 404, body: { error: 'Not Found' } }
      if (!(call.headers.get('content-type') ?? '').startsWith('application/x-www-form-urlencoded')) {
        return oauthError('invalid_request')
      }
      const form = new URLSearchParams(call.body)
      return call.path === '/revoke' ? revoke(form) : token(form)
    },
    problemOf: access.problemOf,
    scopesOf: (accessToken) => access.grantOf(accessToken)?.scope.split(' ') ?? [],
    expireAccess: access.expireAll,
    revokeAccess: () => access.setRevoked(true),
    revokeRefresh() {
      refreshRevoked = true
    },
    restore() {
      access.setRevoked(false)
      refreshRevoked = false
    },
  }
}
