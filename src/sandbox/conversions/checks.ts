import { createHash } from 'node:crypto'
import { isObject, type JsonObject } from '../protocol.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

const HASH = /^[0-9a-f]{64}$/
/** The digest of nothing: somebody has hashed an empty field. */
const OF_NOTHING = createHash('sha256').digest('hex')

/** Whether a value, or each of a list of them, is a SHA-256 in lower case of something. */
export function isHashed(value: unknown): boolean {
  const all = Array.isArray(value) ? value : [value]
  return (
    all.length > 0 && all.every((each) => typeof each === 'string' && HASH.test(each) && each !== OF_NOTHING)
  )
}

/** The first of these members that is there and not hashed. */
export const unhashed = (user: JsonObject, names: readonly string[]): string | undefined =>
  names.find((name) => user[name] !== undefined && !isHashed(user[name]))

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
export const isCurrency = (value: unknown): boolean => typeof value === 'string' && /^[A-Z]{3}$/.test(value)
export const isAmount = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

export const objectIn = (value: unknown): JsonObject => (isObject(value) ? value : {})

/** Events that a test wants to be refused, by platform and id; at most as many as this. */
const MAX_REFUSED = 1_000

export interface Refused {
  /** @param isNamed whether the platform says which event it is */
  add(eventId: string, isNamed: boolean): void
  clear(): void
  /** Whether the event is one of them, and then whether the platform says so. */
  of(eventId: unknown): { readonly isNamed: boolean } | undefined
}

export function createRefused(): Refused {
  const all = new Map<string, { readonly isNamed: boolean }>()
  return {
    add(eventId, isNamed) {
      if (all.size < MAX_REFUSED) all.set(eventId, { isNamed })
    },
    clear: () => all.clear(),
    of: (eventId) => (typeof eventId === 'string' ? all.get(eventId) : undefined),
  }
}
