import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { AppError } from '../errors.ts'
import type { Clock } from '../time/clock.ts'
import { Gate, type GateLimit } from './gate.ts'
import { headerOf, isJsonType } from './json.ts'

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

/** Organisation of the operator, and of keys that name none, unless the configuration names another one. */
export const DEFAULT_ORG = 1

/** The caller, by the key of the request. */
export interface Caller {
  readonly name: string
  /** Organisation whose connections and data it reaches below `/api/v1`. */
  readonly org: number
  /** Organisation that the caller is bound to: it sees and changes nothing of others. Undefined for the operator. */
  readonly boundTo: number | undefined
  may(scope: KeyScope): boolean
  /** Counts `more` further calls for a request that asks for many things; see {@link Gate}. Throws 429. */
  charge(more: number): void
  /** Counts a call and returns the function to call when it is answered. Throws 429. */
  begin(): () => void
}

/** Returns the caller. Throws 401 without a valid key, and 403 for a key without this right. */
export type Authorize = (
  request: Pick<IncomingMessage, 'headers' | 'method' | 'socket'>,
  scope: KeyScope,
) => Caller

export const hashKey = (key: string): Buffer => hash('sha256', key, 'buffer')

/**
 * Checks bearer keys in constant time and against every key, so that the duration reveals nothing.
 * @param operatorOrg keys of this organisation, and keys without one, are the operator's
 */
function requireKey(keys: readonly ApiKey[], operatorOrg: number): Authorize {
  return (request, scope) => {
    const presented = /^Bearer {1,8}(\S{1,512})$/i.exec(headerOf(request, 'authorization') ?? '')?.[1]
    if (presented === undefined)
      throw new AppError('unauthorized', 'Send an API key: Authorization: Bearer <key>')
    const digest = hashKey(presented)
    const [key] = keys.filter(({ sha256 }) => timingSafeEqual(sha256, digest))
    if (!key) throw new AppError('unauthorized', 'The API key is not known')
    const { name, org = operatorOrg, scopes } = key
    const may = (wanted: KeyScope) => scopes.includes(wanted) || scopes.includes('admin')
    if (!may(scope)) throw new AppError('forbidden', `The API key ${name} lacks the scope ${scope}`)
    return { ...UNLIMITED, name, org, boundTo: org === operatorOrg ? undefined : org, may }
  }
}

const UNLIMITED = { charge: () => {}, begin: () => () => {} }
const LOCAL: Caller = { ...UNLIMITED, name: 'local', org: DEFAULT_ORG, boundTo: undefined, may: () => true }
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/

/**
 * Authorization without keys, for mock mode on loopback. The `Host` has to be a loopback name, so that no web page can
 * reach the service through a name of its own (DNS rebinding). A page of another site may not send anything, because a
 * browser sends some requests without asking the service first.
 */
const openOnLoopback: Authorize = (request) => {
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
  if (request.method === 'POST' && !saysItIsNoForm(request)) {
    const detail = 'Without API keys a POST needs Content-Type: application/json, or X-Requested-With'
    const saysOtherwise = headerOf(request, 'content-type') !== undefined
    throw new AppError(saysOtherwise ? 'unsupported_media_type' : 'forbidden', detail)
  }
  return LOCAL
}

/**
 * A browser sends a form to another site without asking. Before it sends JSON or this header it asks that site first,
 * and gets no permission here. So a request with either of them is not from another site, even without `Origin`.
 */
const saysItIsNoForm = (request: Pick<IncomingMessage, 'headers'>): boolean =>
  isJsonType(headerOf(request, 'content-type')) || headerOf(request, 'x-requested-with') !== undefined

/** For everything that organisations share and only the operator may see and change. Throws 403 for other callers. */
export function requireOperator({ name, boundTo }: Caller): void {
  if (boundTo === undefined) return
  throw new AppError('forbidden', `This is the operator's; the API key ${name} is of organisation ${boundTo}`)
}

/** Creates the authorization of the configuration, with each caller's limit. */
export function authorizer(
  {
    apiKeys,
    operatorOrg,
    callerLimit,
  }: { apiKeys: readonly ApiKey[]; operatorOrg: number; callerLimit: GateLimit },
  clock: Clock,
  gate = new Gate(clock, callerLimit),
): Authorize {
  return apiKeys.length > 0
    ? limited(requireKey(apiKeys, operatorOrg), gate, ({ name, org }) => `${name}@${org}`)
    : limited(openOnLoopback, gate, (_, { socket }) => socket.remoteAddress ?? '')
}

/** @param whoOf name of whoever shares one limit: the key, or the address without keys */
function limited(
  authorize: Authorize,
  gate: Gate,
  whoOf: (caller: Caller, request: Parameters<Authorize>[0]) => string,
): Authorize {
  return (request, scope) => {
    const caller = authorize(request, scope)
    const who = whoOf(caller, request)
    return { ...caller, charge: (more) => gate.charge(who, more), begin: () => gate.enter(who) }
  }
}
