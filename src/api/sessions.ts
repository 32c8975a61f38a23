import { hash, randomBytes } from 'node:crypto'
import { AppError } from '../errors.ts'
import type { Clock } from '../time/clock.ts'
import type { ApiKey, KeyScope } from './api-keys.ts'
import { headerOf } from './json.ts'
import { type BrowserRequest, isRead, saysItIsNoForm, sentFrom } from './own-page.ts'

/** How long a session lasts without a request, in milliseconds. */
const IDLE_MS = 60 * 60_000
/** Longest life of a session, however much it is used, in milliseconds. */
const LONGEST_MS = 12 * 3_600_000
/** Most sessions of one key or person; a further one ends the oldest. */
const MAX_OF_HOLDER = 32
/** Random bytes of a session's id. */
const ID_BYTES = 32

/** A person who has signed in by OpenID Connect. */
export interface Person {
  /** Identifies the person: their provider and their id there. */
  readonly id: string
  /** Shown in records; no API key can have this name. */
  readonly name: string
  readonly scopes: readonly KeyScope[]
  /** Undefined for the operator's organisation. */
  readonly org: number | undefined
}

/** The key or person whose rights a session has. */
export type Holder =
  | { readonly is: 'key'; readonly key: ApiKey }
  | { readonly is: 'person'; readonly person: Person }

/** A browser that has signed in; it has the rights of its holder. */
export interface Session {
  readonly holder: Holder
  /** When it ends at the latest, in ms since the epoch. */
  readonly expiresAtMs: number
}

interface OpenSession extends Session {
  readonly endsMs: number
  idleEndsMs: number
}

/**
 * The browsers that have signed in. The browser has a random id in a cookie that scripts cannot read. Only its hash is
 * stored, in memory, so a restart signs everybody out.
 */
export class Sessions {
  readonly #clock: Clock
  readonly #publicUrl: URL
  readonly #cookie: string
  readonly #attributes: string
  readonly #most: number
  /** By the hash of the id, the oldest first. */
  readonly #open = new Map<string, OpenSession>()

  /**
   * @param publicUrl the address at which browsers reach the service; with https the cookie is only sent over https
   * @param most the most sessions of all holders
   */
  constructor(clock: Clock, publicUrl: string, most: number) {
    this.#clock = clock
    this.#most = most
    this.#publicUrl = new URL(publicUrl)
    const isSecure = this.#publicUrl.protocol === 'https:'
    this.#cookie = isSecure ? '__Host-bidwarden_session' : 'bidwarden_session'
    this.#attributes = `; Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
  }

  /** How many sessions are stored, including expired ones that were not used since. */
  get size(): number {
    return this.#open.size
  }

  /** Opens a session, and returns it with the `Set-Cookie` header. */
  open(holder: Holder): { readonly session: Session; readonly setCookie: string } {
    const id = randomBytes(ID_BYTES).toString('base64url')
    const nowMs = this.#clock.elapsedMs()
    const expiresAtMs = this.#clock.nowMs() + LONGEST_MS
    const session = { holder, expiresAtMs, endsMs: nowMs + LONGEST_MS, idleEndsMs: nowMs + IDLE_MS }
    this.#makeRoom(holder)
    this.#open.set(hashOf(id), session)
    const setCookie = `${this.#cookie}=${id}${this.#attributes}; Max-Age=${LONGEST_MS / 1000}`
    return { session, setCookie }
  }

  /**
   * The session of a request's cookie, which counts as used; undefined without a cookie of a valid session. Throws 403
   * if a page of another site sends the request, or may have sent it as a change.
   */
  of(request: BrowserRequest): Session | undefined {
    const hashed = this.#hashIn(request)
    const session = hashed === undefined ? undefined : this.#living(hashed)
    if (!session) return undefined
    this.#requireOwnPage(request)
    session.idleEndsMs = this.#clock.elapsedMs() + IDLE_MS
    return session
  }

  /** Throws 403 for a request that a page of another site sends. */
  refuseForeign(request: BrowserRequest): void {
    if (sentFrom(request, this.#publicUrl) !== 'foreign') return
    const detail = `No page of another site is answered; this service is at ${this.#publicUrl.origin}`
    throw new AppError('forbidden', detail)
  }

  /** Ends the session of a request's cookie. Returns whether there was one, and the header that deletes the cookie. */
  end(request: BrowserRequest): { readonly ended: boolean; readonly setCookie: string } {
    const hashed = this.#hashIn(request)
    const session = hashed === undefined ? undefined : this.#living(hashed)
    if (session) this.#requireOwnPage(request)
    else this.refuseForeign(request)
    if (hashed !== undefined) this.#open.delete(hashed)
    return { ended: session !== undefined, setCookie: `${this.#cookie}=${this.#attributes}; Max-Age=0` }
  }

  /**
   * Deletes expired sessions and, if there are too many, the oldest one: of this holder, or of the organisation that
   * has the most, so that no organisation signs others out.
   */
  #makeRoom(asking: Holder): void {
    const [id, ofHolder] = [idOf(asking), [] as string[]]
    const byOrg = new Map<number | undefined, string[]>()
    for (const [hashed, { holder }] of this.#open) {
      if (!this.#living(hashed)) continue
      if (idOf(holder) === id) ofHolder.push(hashed)
      const ofOrg = byOrg.get(orgOf(holder))
      if (ofOrg) ofOrg.push(hashed)
      else byOrg.set(orgOf(holder), [hashed])
    }
    if (ofHolder.length >= MAX_OF_HOLDER) this.#open.delete(ofHolder[0] ?? '')
    if (this.#open.size < this.#most) return
    const own = orgOf(asking)
    const withNew = (org: number | undefined, { length }: string[]) => length + (org === own ? 1 : 0)
    const [most] = [...byOrg].sort((a, b) => withNew(...b) - withNew(...a))
    this.#open.delete(most?.[1][0] ?? '')
  }

  #requireOwnPage(request: BrowserRequest): void {
    this.refuseForeign(request)
    if (isRead(request)) return
    if (sentFrom(request, this.#publicUrl) !== 'own')
      throw new AppError('forbidden', 'With a session a change needs Origin or Sec-Fetch-Site: same-origin')
    if (request.method === 'POST' && !saysItIsNoForm(request)) {
      const detail = 'With a session a POST needs Content-Type: application/json, or X-Requested-With'
      throw new AppError('forbidden', detail)
    }
  }

  /** The session with this hash; an expired one is deleted. */
  #living(hashed: string): OpenSession | undefined {
    const session = this.#open.get(hashed)
    if (!session) return undefined
    const nowMs = this.#clock.elapsedMs()
    if (nowMs < session.endsMs && nowMs < session.idleEndsMs) return session
    this.#open.delete(hashed)
    return undefined
  }

  /** The hash of the id in the cookie. */
  #hashIn(request: BrowserRequest): string | undefined {
    const id = cookieIn(request, this.#cookie)
    return id === undefined ? undefined : hashOf(id)
  }
}

/** The value of a request's cookie. If the name occurs twice, none is used: one of them may come from another site. */
export function cookieIn(request: BrowserRequest, name: string): string | undefined {
  const start = `${name}=`
  const pairs = (headerOf(request, 'cookie') ?? '').split(';').map((pair) => pair.trim())
  const [value, ...more] = pairs
    .filter((pair) => pair.startsWith(start))
    .map((pair) => pair.slice(start.length))
  return more.length > 0 ? undefined : value
}

const idOf = (holder: Holder): string =>
  holder.is === 'key' ? `key ${holder.key.sha256.toString('hex')}` : `person ${holder.person.id}`
const orgOf = (holder: Holder): number | undefined =>
  holder.is === 'key' ? holder.key.org : holder.person.org

const hashOf = (id: string): string => hash('sha256', id, 'base64url')
