import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiEnv, Ctx, PlainRoute } from '../../../api/index.ts'
import { AppError } from '../../../errors.ts'
import { OIDC_CALLBACK_PATH, OIDC_PATH, type OidcSignIn, type Redirect } from './oidc-sign-in.ts'
import { SIGN_IN_FAILURES } from './sign-in-error.ts'

const NOT_CONFIGURED: [string, string] = ['OIDC_ISSUER is not set', 'application/problem+json']

/** The addresses through which browsers go when people sign in by OpenID Connect. */
export const OIDC_ROUTES: readonly PlainRoute[] = [
  {
    method: 'get',
    path: OIDC_PATH,
    summary: 'Sign in by OpenID Connect: go here with a browser',
    description: `Sends the browser to the provider of OIDC_ISSUER. Where that cannot be, it is sent to the console with sign_in, one of ${SIGN_IN_FAILURES.join(', ')}.`,
    parameters: [
      {
        name: 'page',
        in: 'query',
        description: 'Page of the console to go on at.',
        example: '/console/bids',
      },
      {
        name: 'anew',
        in: 'query',
        description: 'Has the provider ask who it is, though somebody is signed in there.',
      },
    ],
    answers: { 302: ['To the provider'], 503: NOT_CONFIGURED },
  },
  {
    method: 'get',
    path: OIDC_CALLBACK_PATH,
    summary: 'Where the provider sends the browser back to',
    description:
      'Sets the cookie of a session with the rights of the groups of who has signed in, and sends the browser to the console.',
    parameters: [
      { name: 'code', in: 'query', description: 'By the provider.' },
      { name: 'state', in: 'query', description: 'By the provider, as it was sent there.' },
      { name: 'error', in: 'query', description: 'By the provider, in place of a code.' },
    ],
    answers: { 302: ['To the console'], 503: NOT_CONFIGURED },
  },
]

export function serveOidc(app: Pick<OpenAPIHono<ApiEnv>, 'get'>, signIn: OidcSignIn | undefined): void {
  app.get(OIDC_PATH, async (c) => redirect(await configured(signIn).begin(c.env.incoming, queryOf(c))))
  app.get(OIDC_CALLBACK_PATH, async (c) =>
    redirect(await configured(signIn).finish(c.env.incoming, queryOf(c))),
  )
}

function configured(signIn: OidcSignIn | undefined): OidcSignIn {
  if (signIn) return signIn
  throw new AppError('not_configured', 'Nobody signs in by OpenID Connect here: set OIDC_ISSUER')
}

const queryOf = (c: Ctx): URLSearchParams => new URL(c.req.url).searchParams

/** The address of this request contains a code, so it must not be passed on as the referrer. */
function redirect({ location, cookies }: Redirect): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 302, headers })
}
