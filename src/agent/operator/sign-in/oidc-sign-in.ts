import type { IncomingMessage } from 'node:http'
import { headerOf, type Sessions } from '../../../api/index.ts'
import type { Logger } from '../../../log.ts'
import type { Clock } from '../../../time/clock.ts'
import { AddressPaces } from './address-paces.ts'
import { LoginCookie } from './login-cookie.ts'
import { OidcProvider } from './oidc-provider.ts'
import { personOf } from './person.ts'
import type { OidcSettings } from './settings.ts'
import { SignInError, type SignInFailure } from './sign-in-error.ts'

export const OIDC_PATH = '/v1/session/oidc'
export const OIDC_CALLBACK_PATH = `${OIDC_PATH}/callback`

/** How many returns from the provider one address may make: each of them calls the provider. */
const FINISHED = { calls: 20, windowMs: 60_000 }
/** Pages of the console to which a browser may be sent after signing in. */
const CONSOLE_PAGE = /^\/(console(\/[^\s\\?]*)?)?(\?[^\s\\]*)?$/
const MAX_PAGE_CHARS = 500
/** The longest detail of a failure in the log, in characters: part of it may come from the address of the request. */
const MAX_DETAIL_CHARS = 300

/** The address to which a browser is sent, and its new cookies. */
export interface Redirect {
  readonly location: string
  readonly cookies: readonly string[]
}

interface Parts {
  readonly clock: Clock
  readonly log: Logger
  readonly sessions: Sessions
  readonly operatorOrg: number
  /** The address at which browsers reach the service. */
  readonly publicUrl: string
  /** The same for every process of the service. */
  readonly sharedSecret: string
}

/** Signs people in by OpenID Connect: sends them to the provider, verifies the answer, and opens a session. */
export class OidcSignIn {
  readonly #parts: Parts
  readonly #settings: OidcSettings
  readonly #home: URL
  readonly #cookie: LoginCookie
  readonly #provider: OidcProvider
  readonly #finished: AddressPaces

  constructor(settings: OidcSettings, parts: Parts) {
    this.#parts = parts
    this.#settings = settings
    this.#home = new URL(parts.publicUrl)
    this.#cookie = new LoginCookie(parts.clock, this.#home, parts.sharedSecret)
    this.#provider = new OidcProvider(parts.clock, settings, parts.publicUrl + OIDC_CALLBACK_PATH)
    this.#finished = new AddressPaces(parts.clock, FINISHED)
  }

  /** Host of the provider, which people are shown. */
  get host(): string {
    return this.#provider.host
  }

  /** Redirects a browser to the provider, which later sends it back to a page of the console. */
  async begin(request: IncomingMessage, query: URLSearchParams): Promise<Redirect> {
    const said = query.get('page') ?? '/'
    const page = said.length <= MAX_PAGE_CHARS && CONSOLE_PAGE.test(said) ? said : '/'
    const asksAnew = query.has('anew')
    // The provider sends the browser back to the public address, which does not get the cookies of another host.
    if (headerOf(request, 'host') !== this.#home.host && !query.has('at')) {
      const more = new URLSearchParams({ page, at: 'home', ...(asksAnew && { anew: '1' }) })
      return { location: `${this.#home.origin}${OIDC_PATH}?${more}`, cookies: [] }
    }
    try {
      const { url, login } = await this.#provider.begin(asksAnew)
      return { location: url, cookies: [this.#cookie.keep({ ...login, page })] }
    } catch (error) {
      return { location: this.#failed(error), cookies: [] }
    }
  }

  /** Signs in a person who comes back from the provider. */
  async finish(request: IncomingMessage, query: URLSearchParams): Promise<Redirect> {
    const { sessions, log, operatorOrg } = this.#parts
    const cookies = [this.#cookie.end]
    try {
      const login = this.#cookie.of(request)
      if (!login) throw new SignInError('expired', 'the browser has no login under way')
      if (this.#finished.take(request.socket.remoteAddress ?? '') > 0)
        throw new SignInError('too_many', 'too many sign-ins came from this address')
      const person = personOf(await this.#provider.finish(query, login), this.#settings, operatorOrg)
      const { setCookie } = sessions.open({ is: 'person', person })
      log.info({ name: person.name, scopes: person.scopes, organisation: person.org }, 'signed in')
      return { location: login.page, cookies: [...cookies, setCookie] }
    } catch (error) {
      return { location: this.#failed(error), cookies }
    }
  }

  /** Logs why nobody was signed in, and returns the page that says so. */
  #failed(error: unknown): string {
    if (!(error instanceof SignInError)) throw error
    const { why, message } = error
    this.#parts.log.warn({ why, detail: message.slice(0, MAX_DETAIL_CHARS) }, 'nobody was signed in')
    return `/?${new URLSearchParams({ sign_in: why satisfies SignInFailure })}`
  }
}
