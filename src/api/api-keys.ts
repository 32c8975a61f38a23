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
  /** The stored record of a key that was made at run time; undefined for keys of the environment. */
  readonly kept?: KeptKey
}

const amount = z.number().int().min(0).max(MAX_MICROS).transform(micros)
/** A limit of a budget as it is stored; amounts are in micros. */
export const KeptLimit = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sliding'), windowMs: z.number().int().positive(), max: amount }),
  z.object({ kind: z.literal('day'), timezone: z.string(), max: amount }),
  z.object({ kind: z.literal('lifetime'), max: amount }),
])
const KeptKeyBudget = z.object({ currency: z.string(), limits: z.array(KeptLimit) })

/** A stored API key that was made at run time. Times are in ms since the epoch. */
export const KeptKey = z.object({
  /** Its name, followed by `@` and the number of its organisation unless that is the operator's. */
  id: z.string(),
  name: z.string(),
  org: z.number().int().optional(),
  scopes: z.array(z.enum(KEY_SCOPES)),
  /** In hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  madeAtMs: z.number(),
  /** Name of the key that made it. */
  madeBy: z.string(),
  /** Whether it was made while the service needed no keys: anybody on the machine may have made it. */
  madeOpenly: z.boolean(),
  /** The budget that it was made with; operators may have changed its limits since. Amounts are in micros. */
  budget: KeptKeyBudget.optional(),
  expiresAtMs: z.number().optional(),
  revokedAtMs: z.number().optional(),
})
export type KeptKey = z.output<typeof KeptKey>

/** Changes of the keys that were made at run time. */
export interface KeyChanges {
  /** Keys that are new or have changed, in their present state. */
  readonly now: readonly KeptKey[]
  /** Ids of keys that were deleted. */
  readonly gone: readonly string[]
}

export const hashKey = (key: string): Buffer => hash('sha256', key, 'buffer')

/** The API keys: those of the environment, and those that were made at run time. */
export class ApiKeys {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly ofEnvironment: readonly ApiKey[]
  readonly #made = new Map<string, KeptKey>()
  readonly #byDigest = new Map<string, ApiKey>()
  /** When each key was last used: keys of the environment by themselves, others by their digest; wall-clock ms. */
  readonly #usedMs = new Map<ApiKey | string, number>()
  readonly #listeners = new Set<(changes: KeyChanges) => void>()

  /**
   * Whether callers need a key or a session at all: if the environment has keys, or people can sign in without one.
   * Keys that are made at run time do not change that.
   */
  readonly areNeeded: boolean

  /** @param peopleSignIn whether people can sign in without a key */
  constructor(ofEnvironment: readonly ApiKey[], clock: Pick<Clock, 'nowMs'>, peopleSignIn = false) {
    this.ofEnvironment = ofEnvironment
    this.#clock = clock
    this.areNeeded = ofEnvironment.length > 0 || peopleSignIn
  }

  /** Keys that were made at run time, by id, including revoked and expired ones. */
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

  /** The key in its present state; undefined if it no longer exists. Throws as {@link find} does. */
  current(key: ApiKey): ApiKey | undefined {
    return this.#accepted(key.kept ? this.#byDigest.get(key.kept.sha256) : key)
  }

  /** When this process last saw the key; wall-clock ms. */
  usedMs(key: ApiKey): number | undefined {
    return this.#usedMs.get(key.kept?.sha256 ?? key)
  }

  /** Applies changes of the keys that were made at run time, and tells the listeners. */
  take(changes: KeyChanges): void {
    for (const id of changes.gone) this.#forget(id)
    for (const kept of changes.now) {
      const { id, name, org, scopes, sha256 } = kept
      if (this.#made.get(id)?.sha256 !== sha256) this.#forget(id)
      this.#made.set(id, kept)
      this.#byDigest.set(sha256, { name, org, scopes, sha256: Buffer.from(sha256, 'hex'), kept })
    }
    for (const tell of this.#listeners) tell(changes)
  }

  /** Calls `onChange` with every change of the keys that were made at run time. */
  watch(onChange: (changes: KeyChanges) => void): Cancel {
    this.#listeners.add(onChange)
    return () => this.#listeners.delete(onChange)
  }

  #forget(id: string): void {
    const { sha256 } = this.#made.get(id) ?? {}
    if (sha256 === undefined) return
    this.#made.delete(id)
    this.#byDigest.delete(sha256)
    this.#usedMs.delete(sha256)
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
