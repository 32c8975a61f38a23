import { z } from '@hono/zod-openapi'
import {
  type ApiKeys,
  type Authorize,
  type Caller,
  callerOf,
  KEY_SCOPES,
  type OpenRoute,
  okUnkept,
  type Route,
  readJson,
  type Sessions,
  WRONG_BODY,
} from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { type Clock, isoTime } from '../../time/clock.ts'
import type { KeyBook } from './key-book.ts'
import { AddressPaces } from './sign-in/address-paces.ts'
import type { OidcSignIn } from './sign-in/oidc-sign-in.ts'

/** The longest API key that is checked, in characters. */
const MAX_KEY_CHARS = 512
/** The longest body of a caller that has not signed in yet, in bytes: enough for a key. */
const MAX_SIGN_IN_BYTES = 4_096
/**
 * How many wrong keys one address may try. Keys are random and too long to be guessed at any rate; this keeps wrong
 * ones from taking processor time. A valid key always passes, so nobody is locked out by others behind the same proxy.
 */
const WRONG_KEYS = { calls: 10, windowMs: 60_000 }

const SessionInput = z
  .strictObject({
    key: z.string().min(1).max(MAX_KEY_CHARS).openapi({ description: 'An API key.', format: 'password' }),
  })
  .openapi('SessionInput')

const SessionBody = z
  .object({
    keyNeeded: z.boolean().openapi({ description: 'False where calls from this machine need no key.' }),
    signedIn: z.boolean().openapi({ description: 'Whether the cookie of a session says who it is.' }),
    name: z.string().openapi({
      description: 'Name of the key or, behind `oidc:`, of the person; `local` where none is needed.',
    }),
    scopes: z
      .array(z.enum(KEY_SCOPES))
      .openapi({ description: 'All that may be done: `admin` has all of them.' }),
    organisation: z.number().int().openapi({ description: 'Number of the organisation.' }),
    isOperator: z.boolean().openapi({ description: 'Whether it sees and changes what organisations share.' }),
    mode: z.enum(['mock', 'live']),
    expiresAt: z.string().nullable().openapi({ description: 'When it has to sign in again at the latest.' }),
  })
  .openapi('Session')

const WaysBody = z
  .object({
    apiKey: z.literal(true),
    oidc: z
      .object({ host: z.string().openapi({ description: 'Of the provider.' }) })
      .nullable()
      .openapi({ description: 'Null where nobody signs in by OpenID Connect.' }),
  })
  .openapi('SignInWays')

const SignedOutBody = z.object({
  ended: z.boolean().openapi({ description: 'Whether there was a session to end.' }),
})

/** Who may sign in, and who has. */
export interface Access {
  readonly keys: ApiKeys
  readonly sessions: Sessions
  readonly keyBook: KeyBook
  readonly operatorOrg: number
  /** Undefined if nobody signs in by OpenID Connect. */
  readonly oidc: OidcSignIn | undefined
}

interface SessionDeps extends Access {
  readonly clock: Clock
  readonly mode: 'mock' | 'live'
}

/** Says who the caller is and what it may do, so that pages offer nothing else. */
export function whoRoute({ keys, mode }: SessionDeps): Route {
  return {
    method: 'get',
    path: '/v1/session',
    summary: 'Who asks, and what it may do',
    scope: 'any',
    answers: { 200: { description: 'Who asks', schema: SessionBody } },
    refusals: [],
    handle: (_, caller) => okUnkept(whoBody(keys.areNeeded, mode, caller)),
  }
}

/** Signing in and out; these routes need no key. */
export function signInRoutes(deps: SessionDeps & { readonly authorize: Authorize }): OpenRoute[] {
  const { keys, sessions, operatorOrg, mode, authorize } = deps
  const wrong = new AddressPaces(deps.clock, WRONG_KEYS)
  return [
    {
      method: 'get',
      path: '/v1/session/ways',
      summary: 'How people can sign in',
      answers: { 200: { description: 'The ways', schema: WaysBody } },
      refusals: [],
      handle: () => okUnkept({ apiKey: true, oidc: deps.oidc ? { host: deps.oidc.host } : null }),
    },
    {
      method: 'post',
      path: '/v1/session',
      summary: 'Sign in with an API key: the answer sets a cookie that has the rights of the key',
      body: SessionInput,
      example: { key: 'bw_…' },
      answers: { 200: { description: 'Who is signed in now', schema: SessionBody } },
      refusals: [...WRONG_BODY, 'unauthorized', 'forbidden', 'rate_limited'],
      async handle(c) {
        const { incoming } = c.env
        const { key: secret } = await readJson(c, SessionInput, MAX_SIGN_IN_BYTES)
        if (!keys.areNeeded) return okUnkept(whoBody(false, mode, authorize(incoming, 'any')))
        sessions.refuseForeign(incoming)
        const key = keys.find(secret)
        if (!key) throw unknownKey(wrong.take(incoming.socket.remoteAddress ?? ''))
        const { session, setCookie } = sessions.open({ is: 'key', key })
        return okUnkept(whoBody(true, mode, callerOf(key, operatorOrg, session)), setCookie)
      },
    },
    {
      method: 'delete',
      path: '/v1/session',
      summary: 'Sign out',
      answers: { 200: { description: 'The session is over', schema: SignedOutBody } },
      refusals: ['forbidden'],
      handle(c) {
        const { ended, setCookie } = sessions.end(c.env.incoming)
        return okUnkept({ ended }, setCookie)
      },
    },
  ]
}

/**
 * The error for a wrong key.
 * @param waitMs until the address may try another key
 */
function unknownKey(waitMs: number): AppError {
  if (waitMs === 0) return new AppError('unauthorized', 'The API key is not known')
  return new AppError('rate_limited', 'Too many wrong API keys came from this address', { afterMs: waitMs })
}

function whoBody(
  keyNeeded: boolean,
  mode: 'mock' | 'live',
  { name, org, boundTo, session, may }: Caller,
): z.output<typeof SessionBody> {
  return {
    keyNeeded,
    signedIn: session !== undefined,
    name,
    scopes: KEY_SCOPES.filter(may),
    organisation: org,
    isOperator: boundTo === undefined,
    mode,
    expiresAt: session ? isoTime(session.expiresAtMs) : null,
  }
}
