import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { cookieIn } from '../../../api/index.ts'
import { parseJson } from '../../../json/json.ts'
import type { Clock } from '../../../time/clock.ts'

/** How long a person may take to sign in at the provider, in milliseconds. */
const LOGIN_MS = 600_000
const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
/** What the key is for, so that nothing else that the secret signs can be taken for a login. */
const KEY_PURPOSE = 'bidwarden login cookie'
const IV_BYTES = 12
const TAG_BYTES = 16

/** Ties the provider's answer to the browser that asked for it. */
const Login = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** The page to which the browser goes after signing in. */
  page: z.string(),
})
export type Login = z.output<typeof Login>
const Sealed = Login.extend({ endsMs: z.number() })

/**
 * A login under way, in an encrypted cookie of the browser that has begun it. The service stores nothing, so that
 * nobody can fill a table by beginning logins. The cookie is encrypted with a key that all processes of the service have.
 */
export class LoginCookie {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #key: Uint8Array
  readonly #name: string
  readonly #attributes: string

  /**
   * @param publicUrl the address at which browsers reach the service
   * @param secret the same for every process: a login that is begun at one may end at another
   */
  constructor(clock: Pick<Clock, 'nowMs'>, publicUrl: URL, secret: string) {
    this.#clock = clock
    this.#key = new Uint8Array(hkdfSync('sha256', secret, '', KEY_PURPOSE, KEY_BYTES))
    const isSecure = publicUrl.protocol === 'https:'
    this.#name = isSecure ? '__Host-bidwarden_login' : 'bidwarden_login'
    // Lax, because the browser returns from another site.
    this.#attributes = `; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  }

  /** The `Set-Cookie` header that stores a login. */
  keep(login: Login): string {
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, iv)
    const text = JSON.stringify({ ...login, endsMs: this.#clock.nowMs() + LOGIN_MS })
    const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `${this.#name}=${sealed.toString('base64url')}${this.#attributes}; Max-Age=${LOGIN_MS / 1000}`
  }

  /** The `Set-Cookie` header that deletes the cookie. */
  get end(): string {
    return `${this.#name}=${this.#attributes}; Max-Age=0`
  }

  /** The login in a request's cookie; undefined if there is none, or it has expired. */
  of(request: Parameters<typeof cookieIn>[0]): Login | undefined {
    const text = this.#opened(cookieIn(request, this.#name))
    const read = text === undefined ? undefined : Sealed.safeParse(parseJson(text))
    return read?.success && this.#clock.nowMs() < read.data.endsMs ? read.data : undefined
  }

  #opened(value: string | undefined): string | undefined {
    const bytes = Buffer.from(value ?? '', 'base64url')
    if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined
    const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      const text = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES))
      return Buffer.concat([text, decipher.final()]).toString('utf8')
    } catch {
      return undefined
    }
  }
}
