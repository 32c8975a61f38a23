import { createHash } from 'node:crypto'
import { isObject, type JsonObject } from '../protocol.ts'

const HASH = /^[0-9a-f]{64}$/
/** The digest of an empty text, which a client must not send. */
const HASH_OF_NOTHING = createHash('sha256').digest('hex')

/** Whether a value, or every value of a list, is a SHA-256 in lower-case hex of a text that is not empty. */
export function isHashed(value: unknown): boolean {
  const all = Array.isArray(value) ? value : [value]
  return (
    all.length > 0 &&
    all.every((each) => typeof each === 'string' && HASH.test(each) && each !== HASH_OF_NOTHING)
  )
}

/** The first of these members that is present and not hashed. */
export const firstUnhashed = (user: JsonObject, names: readonly string[]): string | undefined =>
  names.find((name) => user[name] !== undefined && !isHashed(user[name]))

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
export const isCurrency = (value: unknown): boolean => typeof value === 'string' && /^[A-Z]{3}$/.test(value)
export const isAmount = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

export const objectIn = (value: unknown): JsonObject => (isObject(value) ? value : {})

/** The most events that a test can have refused on one platform. */
const MAX_REFUSED = 1_000

/** The events that a test wants a platform to refuse. */
export interface RefusedEvents {
  /** @param isNamed whether the platform's answer says which event it refuses */
  add(eventId: string, isNamed: boolean): void
  clear(): void
  /** Undefined for an event that is not to be refused. */
  of(eventId: unknown): { readonly isNamed: boolean } | undefined
}

export function createRefusedEvents(): RefusedEvents {
  const all = new Map<string, { readonly isNamed: boolean }>()
  return {
    add(eventId, isNamed) {
      if (all.size < MAX_REFUSED) all.set(eventId, { isNamed })
    },
    clear: () => all.clear(),
    of: (eventId) => (typeof eventId === 'string' ? all.get(eventId) : undefined),
  }
}
