import { hash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { MAX_MICROS, micros } from '../money.ts'
import type { Cancel, Clock } from '../time/clock.ts'

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
  /** What is kept of a key that was made at run time; undefined for keys of the environment. */
  readonly kept?: KeptKey
}

const amount = z.number().int().min(0).max(MAX_MICROS).transform(micros)
const KeptLimit = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sliding'), windowMs: z.number().int().positive(), max: amount }),
  z.object({ kind: z.literal('day'), timezone: z.string(), max: amount }),
  z.object({ kind: z.literal('lifetime'), max: amount }),
])
const KeptKeyBudget = z.object({ currency: z.string(), limits: z.array(KeptLimit) })

/** A key that was made at run time, as it is kept. Times are in ms since the epoch. */
export const KeptKey = z.object({
  /** Its name, with `@` and the number of its organisation where it is not the operator's. */
  id: z.string(),
  name: z.string(),
  org: z.number().int().optional(),
  scopes: z.array(z.enum(KEY_SCOPES)),
  /** In hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  madeAtMs: z.number(),
  /** Name of the key that made it. */
  madeBy: z.string(),
  /** Whether it was made where no key was needed. Anybody on the machine may have done that. */
  madeOpenly: z.boolean(),
  /** The budget that it was made with; operators may have changed its limits since. Amounts are in micros. */
  budget: KeptKeyBudget.optional(),
  expiresAtMs: z.number().optional(),
  revokedAtMs: z.number().optional(),
})
export type KeptKey = z.output<typeof KeptKey>

export const hashKey = (key: string): Buffer => hash('sha256', key, 'buffer')

/** The API keys: those of the environment, and those that were made at run time. */
export class ApiKeys {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly ofEnvironment: readonly ApiKey[]
  #made: ReadonlyMap<string, KeptKey> = new Map()
  readonly #byDigest = new Map<string, ApiKey>()
  /** When each key was used last: of the environment by itself, others by their digest; wall-clock ms. */
  readonly #usedMs = new Map<ApiKey | string, number>()
  readonly #listeners = new Set<(all: readonly KeptKey[]) => void>()

  constructor(ofEnvironment: readonly ApiKey[], clock: Pick<Clock, 'nowMs'>) {
    this.ofEnvironment = ofEnvironment
    this.#clock = clock
  }

  /** Whether callers need a key at all; keys that are made at run time do not change that. */
  get areNeeded(): boolean {
    return this.ofEnvironment.length > 0
  }

  /** Keys that were made at run time, by id, those that were revoked or have expired too. */
  get made(): ReadonlyMap<string, KeptKey> {
    return this.#made
  }

  /**
   * The key with this secret; undefined if there is none. Throws 401 for one that was revoked or has expired. Keys of the
   * environment are compared in constant time, each of them; the others are found by their digest, from which no
   * secret can be learned.
   */
  find(secret: string): ApiKey | undefined {
    const digest = hashKey(secret)
    const [key] = this.ofEnvironment.filter(({ sha256 }) => timingSafeEqual(sha256, digest))
    return this.#accepted(key ?? this.#byDigest.get(digest.toString('hex')))
  }

  /** The key as it is now; undefined if there is none any more. Throws as {@link find} does. */
  current(key: ApiKey): ApiKey | undefined {
    return this.#accepted(key.kept ? this.#byDigest.get(key.kept.sha256) : key)
  }

  /** When this process saw the key last; wall-clock ms. */
  usedMs(key: ApiKey): number | undefined {
    return this.#usedMs.get(key.kept?.sha256 ?? key)
  }

  /** Replaces all keys that were made at run time, and tells the listeners. */
  setMade(all: readonly KeptKey[]): void {
    const had = new Set(this.#byDigest.keys())
    this.#made = new Map(all.map((key) => [key.id, key]))
    this.#byDigest.clear()
    for (const kept of all) {
      const { name, org, scopes, sha256 } = kept
      this.#byDigest.set(sha256, { name, org, scopes, sha256: Buffer.from(sha256, 'hex'), kept })
    }
    for (const digest of had) if (!this.#byDigest.has(digest)) this.#usedMs.delete(digest)
    for (const tell of this.#listeners) tell(all)
  }

  /** Calls `onChange` with all keys that were made at run time, whenever one changes. */
  watch(onChange: (all: readonly KeptKey[]) => void): Cancel {
    this.#listeners.add(onChange)
    return () => this.#listeners.delete(onChange)
  }

  #accepted(key: ApiKey | undefined): ApiKey | undefined {
    if (!key) return undefined
    const nowMs = this.#clock.nowMs()
    const { revokedAtMs, expiresAtMs } = key.kept ?? {}
    if (revokedAtMs !== undefined)
      throw new AppError('unauthorized', `The API key ${key.name} has been revoked`)
    if (expiresAtMs !== undefined && nowMs >= expiresAtMs)
      throw new AppError('key_expired', `The API key ${key.name} has expired`)
    this.#usedMs.set(key.kept?.sha256 ?? key, nowMs)
    return key
  }
}
