import type { IncomingMessage } from 'node:http'
import { AppError } from '../errors.ts'
import type { ApiKey, ApiKeys, KeyScope } from './api-keys.ts'
import type { CallerLimiter } from './caller-limiter.ts'
import { headerOf } from './json.ts'
import { saysItIsNoForm } from './own-page.ts'
import type { Session, Sessions } from './sessions.ts'

/** What a call needs of its key: a scope, or only that there is a key. */
export type NeededScope = KeyScope | 'any'

/** Organisation of the operator, and of keys that name none, unless the configuration names another one. */
export const DEFAULT_ORG = 1

/** The caller, by the key of the request. */
export interface Caller {
  readonly name: string
  /** Organisation whose connections and data it reaches below `/api/v1`. */
  readonly org: number
  /** Organisation that the caller is bound to: it sees and changes nothing of others. Undefined for the operator. */
  readonly boundTo: number | undefined
  /** Id of its key, if that has a budget of its own, which pays for everything that the key buys. */
  readonly payingKey: string | undefined
  /** The session of the caller's cookie; undefined if a key was sent, or if none is needed. */
  readonly session: Session | undefined
  /** When its key expires, in ms since the epoch; undefined if it never does. */
  readonly expiresAtMs: number | undefined
  /**
   * Whether its calls count in one limit with those of all keys that its organisation has made at run time, since an
   * organisation can make as many as it likes.
   */
  readonly sharesLimit: boolean
  may(scope: KeyScope): boolean
  /** Counts `more` further calls for a request that asks for many things; see {@link CallerLimiter}. Throws 429. */
  charge(more: number): void
  /** Counts a call and returns the function to call when it is answered. Throws 429. */
  begin(): () => void
}

/**
 * Returns the caller. Throws 401 without a valid key or session, and 403 for a key without this right, or where a page of
 * another site uses a session.
 */
export type Authorize = (
  request: Pick<IncomingMessage, 'headers' | 'method' | 'socket'>,
  scope: NeededScope,
) => Caller

/** Whether a caller whose call is still being answered may continue: keys are revoked and expire, sessions end. */
export function mayGoOn(authorize: Authorize, request: Parameters<Authorize>[0], scope: KeyScope): boolean {
  try {
    authorize(request, scope)
    return true
  } catch (error) {
    if (error instanceof AppError) return false
    throw error
  }
}

/**
 * Identifies the caller by the key of the request, or by its session. A key takes precedence: a program that sends one
 * means it, whatever cookies it has.
 * @param operatorOrg keys of this organisation, and keys without one, are the operator's
 */
function requireKey(keys: ApiKeys, operatorOrg: number, sessions: Sessions | undefined): Authorize {
  return (request, scope) => {
    const authorization = headerOf(request, 'authorization')
    const isKey = authorization !== undefined && /^Bearer/i.test(authorization)
    const session = isKey ? undefined : sessions?.of(request)
    const key = isKey ? keyIn(authorization, keys) : session && rightsNow(session, keys)
    if (!key) throw new AppError('unauthorized', 'Send an API key: Authorization: Bearer <key>')
    return allowed(callerOf(key, operatorOrg, session), scope)
  }
}

/** The present rights of a session; undefined if its key no longer exists. Throws 401 for a session that has ended. */
const rightsNow = ({ holder }: Session, keys: ApiKeys): Rights | undefined =>
  holder.is === 'key' ? keys.current(holder.key) : holder.person

/** The caller as error texts name it. */
export const callerName = (
  { name, session }: Pick<Caller, 'name' | 'session'>,
  article: 'The' | 'the',
): string => (session?.holder.is === 'person' ? name : `${article} API key ${name}`)

/** Returns the caller. Throws 403 where it lacks the scope. */
function allowed(caller: Caller, scope: NeededScope): Caller {
  if (scope === 'any' || caller.may(scope)) return caller
  throw new AppError('forbidden', `${callerName(caller, 'The')} lacks the scope ${scope}`)
}

/** What identifies a caller and says what it may do: from an API key, or from a person. */
type Rights = Pick<ApiKey, 'name' | 'org' | 'scopes' | 'kept'>

/** The caller with these rights, without the limit of its calls. */
export function callerOf(rights: Rights, operatorOrg: number, session?: Session): Caller {
  const { name, org = operatorOrg, scopes, kept } = rights
  const may = (wanted: KeyScope) => scopes.includes(wanted) || scopes.includes('admin')
  const boundTo = org === operatorOrg ? undefined : org
  const ofKey = {
    payingKey: kept?.budget && kept.id,
    expiresAtMs: kept?.expiresAtMs,
    sharesLimit: (kept !== undefined || session?.holder.is === 'person') && boundTo !== undefined,
  }
  return { ...UNLIMITED, ...ofKey, name, org, boundTo, session, may }
}

const secretIn = (authorization: string): string | undefined =>
  /^Bearer {1,8}(\S{1,512})$/i.exec(authorization)?.[1]

/** The key in an `Authorization` header; undefined if it contains none. Throws 401 for an unknown key. */
function keyIn(authorization: string, keys: ApiKeys): ApiKey | undefined {
  const presented = secretIn(authorization)
  if (presented === undefined) return undefined
  const key = keys.find(presented)
  if (!key) throw new AppError('unauthorized', 'The API key is not known')
  return key
}

const UNLIMITED = { charge: () => {}, begin: () => () => {} }
const LOCAL: Caller = {
  ...UNLIMITED,
  name: 'local',
  org: DEFAULT_ORG,
  boundTo: undefined,
  payingKey: undefined,
  session: undefined,
  expiresAtMs: undefined,
  sharesLimit: false,
  may: () => true,
}
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
 * Creates the authorization: by the keys and, where browsers can sign in, their sessions.
 * @param callers limits the calls of each caller
 */
export function authorizer(
  { keys, operatorOrg, sessions }: { keys: ApiKeys; operatorOrg: number; sessions?: Sessions },
  callers: CallerLimiter,
): Authorize {
  if (keys.areNeeded)
    return limited(
      requireKey(keys, operatorOrg, sessions),
      callers,
      ({ name, org, sharesLimit }) => `${sharesLimit ? '' : name}@${org}`,
    )
  return limited(openOrKey(keys, operatorOrg), callers, (_, { socket }) => socket.remoteAddress ?? '')
}

/** If no key is needed, a key that was made at run time still has only its own rights; any other key is ignored. */
function openOrKey(keys: ApiKeys, operatorOrg: number): Authorize {
  return (request, scope) => {
    const open = openOnLoopback(request, scope)
    const authorization = headerOf(request, 'authorization')
    const secret = authorization === undefined ? undefined : secretIn(authorization)
    const key = secret === undefined ? undefined : keys.find(secret)
    return key ? allowed(callerOf(key, operatorOrg), scope) : open
  }
}

/**
 * Adds the limit of calls to an authorization.
 *
 * @param whoOf name under which calls are limited: of the key, or the address if there are no keys
 */
function limited(
  authorize: Authorize,
  callers: CallerLimiter,
  whoOf: (caller: Caller, request: Parameters<Authorize>[0]) => string,
): Authorize {
  return (request, scope) => {
    const caller = authorize(request, scope)
    const who = whoOf(caller, request)
    return {
      ...caller,
      charge: (more) => callers.charge(who, more),
      begin: () => callers.enter(who),
    }
  }
}
