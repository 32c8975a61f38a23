import { hash, timingSafeEqual } from 'node:crypto'

/**
 * What a key may do: `bid` places bids; `read` reads; `operate` changes limits and campaigns, pauses, and uses the kill
 * switch; `connect` connects accounts of platforms; `premium` gives its reads of platforms priority. `admin` may do
 * everything.
 */
export const KEY_SCOPES = ['bid', 'read', 'operate', 'connect', 'convert', 'admin', 'premium'] as const
export type KeyScope = (typeof KEY_SCOPES)[number]

export interface ApiKey {
  /** Name of the holder, shown in records. */
  readonly name: string
  readonly scopes: readonly KeyScope[]
  /** Organisation of the key; undefined for the operator's own. */
  readonly org: number | undefined
  /** SHA-256 of the key. Keys are 256 random bits, so the plain hash cannot be reversed by search. */
  readonly sha256: Buffer
}

export const hashKey = (key: string): Buffer => hash('sha256', key, 'buffer')

/** The API keys that are accepted. */
export class ApiKeys {
  readonly #ofConfiguration: readonly ApiKey[]

  constructor(ofConfiguration: readonly ApiKey[]) {
    this.#ofConfiguration = ofConfiguration
  }

  /** Whether callers need a key at all. */
  get areNeeded(): boolean {
    return this.#ofConfiguration.length > 0
  }

  /** The key with this secret. Compares in constant time and with every key, so that the duration reveals nothing. */
  find(secret: string): ApiKey | undefined {
    const digest = hashKey(secret)
    const [key] = this.#ofConfiguration.filter(({ sha256 }) => timingSafeEqual(sha256, digest))
    return key
  }
}
