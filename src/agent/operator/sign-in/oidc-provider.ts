import * as oauth from 'oauth4webapi'
import { messageOf } from '../../../errors.ts'
import { fetchTokenAnswer, fetchWhole, partyAtFault } from '../../../http/oauth-answers.ts'
import type { Clock } from '../../../time/clock.ts'
import type { Login } from './login-cookie.ts'
import type { OidcSettings } from './settings.ts'
import { SignInError } from './sign-in-error.ts'

/** How long an answer of the provider is awaited, in milliseconds. */
const TIMEOUT_MS = 10_000
/** How long the provider's metadata are cached, in milliseconds. */
const METADATA_MS = 3_600_000
/** How far the clocks of the provider and of this machine may differ, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 30

/** The provider's claims about a person. */
export type Claims = Readonly<Record<string, unknown>> & { readonly sub: string }

/**
 * An OpenID Connect provider: authorization code flow with PKCE, state and nonce. All errors are {@link SignInError}s.
 */
export class OidcProvider {
  readonly #clock: Pick<Clock, 'elapsedMs'>
  readonly #settings: OidcSettings
  readonly #issuer: URL
  readonly #redirectUri: string
  readonly #client: oauth.Client
  readonly #keys: oauth.JWKSCacheInput = {}
  #metadata: { readonly server: oauth.AuthorizationServer; readonly untilMs: number } | undefined

  /** @param redirectUri the address to which the provider sends browsers back */
  constructor(clock: Pick<Clock, 'elapsedMs'>, settings: OidcSettings, redirectUri: string) {
    this.#clock = clock
    this.#settings = settings
    this.#issuer = new URL(settings.issuer)
    this.#redirectUri = redirectUri
    this.#client = { client_id: settings.clientId, [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS }
  }

  /** Host of the provider, which people are shown. */
  get host(): string {
    return this.#issuer.host
  }

  /**
   * Begins a login: the address to which the browser is sent, and what must be known when it comes back.
   * @param asksAnew whether the provider must ask the person again, even if they are signed in there
   */
  async begin(asksAnew: boolean): Promise<{ readonly url: string; readonly login: Omit<Login, 'page'> }> {
    const server = await this.#server()
    if (server.authorization_endpoint === undefined)
      throw new SignInError('invalid_answer', 'the provider has no authorization_endpoint')
    const login = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      verifier: oauth.generateRandomCodeVerifier(),
    }
    const url = new URL(server.authorization_endpoint)
    const parameters = {
      response_type: 'code',
      client_id: this.#settings.clientId,
      redirect_uri: this.#redirectUri,
      scope: this.#settings.scope,
      state: login.state,
      nonce: login.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: 'S256',
      ...(asksAnew && { prompt: 'login' }),
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return { url: url.href, login }
  }

  /** Verifies the answer that the browser brings back, and returns the claims about the person who has signed in. */
  async finish(parameters: URLSearchParams, { state, nonce, verifier }: Login): Promise<Claims> {
    const server = await this.#server()
    const client = this.#client
    const given = checked(() => oauth.validateAuthResponse(server, client, parameters, state))
    try {
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        this.#authentication(server),
        given,
        this.#redirectUri,
        verifier,
        this.#options(fetchTokenAnswer),
      )
      const answer = await oauth.processAuthorizationCodeResponse(server, client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      })
      await oauth.validateApplicationLevelSignature(server, response, {
        ...this.#options(fetchWhole),
        [oauth.jwksCache]: this.#keys,
      })
      const claims = oauth.getValidatedIdTokenClaims(answer)
      if (!claims) throw new SignInError('invalid_answer', 'the provider has sent no ID token')
      return await this.#withMore(server, claims, answer.access_token)
    } catch (error) {
      throw failureOf(error)
    }
  }

  /** Adds the claims that are not in the ID token from the provider's user info, for example groups and names. */
  async #withMore(server: oauth.AuthorizationServer, claims: oauth.IDToken, token: string): Promise<Claims> {
    const { groupsClaim, nameClaim } = this.#settings
    const isWhole = [groupsClaim, nameClaim].every((claim) => claims[claim] !== undefined)
    if (isWhole || server.userinfo_endpoint === undefined) return claims
    const response = await oauth.userInfoRequest(server, this.#client, token, this.#options(fetchWhole))
    const more = await oauth.processUserInfoResponse(server, this.#client, claims.sub, response)
    return { ...more, ...claims }
  }

  async #server(): Promise<oauth.AuthorizationServer> {
    const known = this.#metadata
    if (known && this.#clock.elapsedMs() < known.untilMs) return known.server
    try {
      const response = await oauth.discoveryRequest(this.#issuer, this.#options(fetchWhole))
      const server = await oauth.processDiscoveryResponse(this.#issuer, response)
      this.#metadata = { server, untilMs: this.#clock.elapsedMs() + METADATA_MS }
      return server
    } catch (error) {
      // The earlier metadata are still good enough.
      if (known) return known.server
      throw failureOf(error)
    }
  }

  #authentication({
    token_endpoint_auth_methods_supported: methods = ['client_secret_basic'],
  }: oauth.AuthorizationServer): oauth.ClientAuth {
    const { clientSecret } = this.#settings
    if (clientSecret === undefined) return oauth.None()
    return methods.includes('client_secret_basic')
      ? oauth.ClientSecretBasic(clientSecret)
      : oauth.ClientSecretPost(clientSecret)
  }

  #options<Fetch>(customFetch: Fetch) {
    return {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      // The configuration allows plain HTTP only on this machine.
      [oauth.allowInsecureRequests]: this.#issuer.protocol === 'http:',
      [oauth.customFetch]: customFetch,
    }
  }
}

/** Error codes by which a provider says that the person, or a policy, has refused. */
const REFUSALS = new Set([
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
])
const LATER = new Set(['server_error', 'temporarily_unavailable'])

function checked(check: () => URLSearchParams): URLSearchParams {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof oauth.AuthorizationResponseError))
      throw new SignInError('expired', `what the browser brought back is not valid: ${messageOf(error)}`)
    const detail = `the provider says ${error.error}: ${error.error_description ?? ''}`
    if (REFUSALS.has(error.error)) throw new SignInError('refused', detail)
    throw new SignInError(LATER.has(error.error) ? 'provider_away' : 'not_configured_there', detail)
  }
}

function failureOf(error: unknown): SignInError {
  if (error instanceof SignInError) return error
  if (error instanceof oauth.ResponseBodyError) {
    const detail = `the provider says ${error.error}: ${error.error_description ?? ''}`
    const party = partyAtFault(error)
    if (party === 'person') return new SignInError('expired', detail)
    return new SignInError(party === 'operator' ? 'not_configured_there' : 'provider_away', detail)
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return new SignInError('not_configured_there', `the provider asks for other credentials: ${error.status}`)
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    // An answer that is no protocol message comes from an overloaded provider or a proxy in front of it.
    const isAway = error.code === oauth.RESPONSE_IS_NOT_CONFORM || error.code === oauth.RESPONSE_IS_NOT_JSON
    return new SignInError(isAway ? 'provider_away' : 'invalid_answer', `${error.code}: ${error.message}`)
  }
  return new SignInError('provider_away', messageOf(error))
}
