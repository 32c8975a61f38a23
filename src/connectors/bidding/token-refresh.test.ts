import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { listenUntilEnd } from '../../../test/support/local-server.ts'
import { refreshedToken } from './token-refresh.ts'

/** A token source whose provider gives these answers, one each. */
async function sourceOf(...answers: { status: number; body: unknown; headers?: Record<string, string> }[]) {
  const server = createServer((_request, response) => {
    const { status, body, headers } = answers.shift() ?? { status: 500, body: '' }
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  })
  const tokenUrl = `${await listenUntilEnd(server)}/token`
  const clock = new FakeClock()
  const credentials = { tokenUrl, clientId: 'id', clientSecret: 'secret', refreshToken: 'refresh' }
  return { clock, tokens: refreshedToken(clock, credentials), answers }
}

it.each([
  [400, 'invalid_grant', 'auth_lost'],
  [401, 'invalid_client', 'unavailable'],
  [401, 'unauthorized_client', 'unavailable'],
  [400, 'temporarily_unavailable', 'unavailable'],
  [400, 'server_error', 'unavailable'],
  [429, 'slow_down', 'unavailable'],
])('a refresh answered with %i %s is %s', async (status, error, is) => {
  const { tokens } = await sourceOf({ status, body: { error } })
  expect((await tokens.get()).is).toBe(is)
})

it.each([
  ['in another type of content', 400, { 'content-type': 'text/plain' }],
  ['below a challenge', 401, { 'www-authenticate': 'Bearer realm="token"' }],
  ['as a success', 200, {}],
])('a grant that has ended is told %s', async (_how, status, headers) => {
  const { tokens } = await sourceOf({ status, headers, body: { error: 'invalid_grant' } })
  expect((await tokens.get()).is).toBe('auth_lost')
})

it.each([
  {},
  { expires_in: 0 },
  { refresh_token: null, scope: null, id_token: null },
  { refresh_token: '', token_type: null, expires_in: null },
])('a token without a type or an end is a bearer token for ever: %j', async (fields) => {
  const { tokens, clock } = await sourceOf({ status: 200, body: { access_token: 'a', ...fields } })
  expect(await tokens.get()).toEqual({ is: 'token', accessToken: 'a' })
  clock.advance(365 * 86_400_000)
  expect(await tokens.get()).toEqual({ is: 'token', accessToken: 'a' })
})
