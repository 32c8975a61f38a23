import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { AppError } from '../errors.ts'
import { headerOf } from './json.ts'

/**
 * What a key may do: place bids, read, change budgets and pull the kill switch, or have its reads of platforms served
 * before others'. `admin` may do everything.
 */
export const KEY_SCOPES = ['bid', 'read', 'admin', 'premium'] as const
export type KeyScope = (typeof KEY_SCOPES)[number]

export interface ApiKey {
  /** Who it was given to; shown in records. */
  readonly name: string
  readonly scopes: readonly KeyScope[]
  /** Whose connections and data it reaches. */
  readonly org: number
  /** SHA-256 of the key. Keys are 256 random bits, so a plain hash cannot be searched. */
  readonly sha256: Buffer
}

/** The organisation of keys that name none. */
export const DEFAULT_ORG = 1

/** Who is calling, by the key. */
export interface Caller {
  readonly name: string
  readonly org: number
  may(scope: KeyScope): boolean
}

/** Throws 401 without a valid key, 403 with one that may not do this; returns who is calling. */
export type Authorize = (request: Pick<IncomingMessage, 'headers'>, scope: KeyScope) => Caller

export const hashKey = (key: string): Buffer => hash('sha256', key, 'buffer')

/** Bearer keys, compared in constant time and against every key, so that the time taken tells nothing. */
export function requireKey(keys: readonly ApiKey[]): Authorize {
  return (request, scope) => {
    const presented = /^Bearer (\S{1,512})$/.exec(headerOf(request, 'authorization') ?? '')?.[1]
    if (presented === undefined)
      throw new AppError('unauthorized', 'Send an API key: Authorization: Bearer <key>')
    const digest = hashKey(presented)
    const [key] = keys.filter(({ sha256 }) => timingSafeEqual(sha256, digest))
    if (!key) throw new AppError('unauthorized', 'The API key is not known')
    const { name, org, scopes } = key
    const may = (wanted: KeyScope) => scopes.includes(wanted) || scopes.includes('admin')
    if (!may(scope)) throw new AppError('forbidden', `The API key ${name} lacks the scope ${scope}`)
    return { name, org, may }
  }
}

const LOCAL: Caller = { name: 'local', org: DEFAULT_ORG, may: () => true }
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/

/**
 * No keys: for mock mode on loopback only. The name a browser was given for us must be a loopback one, so that no web
 * page can reach the service through a name of its own (DNS rebinding), and no page of another site may send anything,
 * since a browser sends it without asking us first.
 */
export const openOnLoopback: Authorize = (request) => {
  const host = headerOf(request, 'host') ?? ''
  if (!LOOPBACK_HOST.test(host)) {
    throw new AppError('forbidden', 'Without API keys only requests to localhost are answered')
  }
  const origin = headerOf(request, 'origin')
  const site = headerOf(request, 'sec-fetch-site')
  const fromElsewhere = origin !== undefined && origin !== `http://${host}`
  if (fromElsewhere || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
    throw new AppError('forbidden', 'Without API keys no page of another site is answered')
  }
  return LOCAL
}
