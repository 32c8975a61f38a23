import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Token } from '../../src/connectors/index.ts'
import { createTokenKeeper } from '../../src/sync/oauth/index.ts'
import { goOn } from '../support/harness.ts'
import { startReads } from '../support/reads.ts'

const initiate = { connector_type: 'DV360', callback_url: 'http://127.0.0.1:9/back' }

describe('connecting an account', () => {
  it('goes through the authorization page and knows the accounts', async () => {
    const reads = await startReads()
    const begun = await reads.send('POST', '/api/v1/connectors/oauth/initiate', initiate)
    const page = new URL(begun.body.authorization_url)
    expect(Object.fromEntries(page.searchParams)).toMatchObject({
      code_challenge_method: 'S256',
      access_type: 'offline',
      state: begun.body.state,
    })
    const back = await reads.platform.authorize(begun.body.authorization_url)
    const { code, state } = Object.fromEntries(back.searchParams)
    const done = await reads.send('POST', '/api/v1/connectors/oauth/callback', { code, state })
    expect(done.body).toMatchObject({ status: 'connected', accounts: [{ id: 'acc-1', name: 'Acme' }] })
    const { body } = await reads.get('/api/v1/connectors')
    expect(body.connectors).toMatchObject([
      { id: done.body.connector_id, type: 'DV360', account_id: 'acc-1', health: { status: 'healthy' } },
    ])
    expect(JSON.stringify(body)).not.toMatch(/access-|refresh-/)

    const again = await reads.send('POST', '/api/v1/connectors/oauth/callback', { code, state })
    expect(again).toMatchObject({ status: 400, body: { field: 'state' } })
  })

  it('does not take a state after ten minutes, or from another organisation', async () => {
    const key = (name: string) => `${name}:admin:${hash('sha256', name, 'hex')}`
    const reads = await startReads({ API_KEYS: `${key('one')},${key('two').replace('two:', 'two@2:')}` })
    const as = (name: string) => ({ authorization: `Bearer ${name}` })
    const callback = '/api/v1/connectors/oauth/callback'
    const begin = async () => {
      const { body } = await reads.send('POST', '/api/v1/connectors/oauth/initiate', initiate, as('one'))
      return Object.fromEntries((await reads.platform.authorize(body.authorization_url)).searchParams)
    }
    const { code, state } = await begin()
    expect((await reads.send('POST', callback, { code, state }, as('two'))).status).toBe(400)
    const done = await reads.send('POST', callback, { code, state }, as('one'))
    expect(done.status).toBe(200)
    const path = `/api/v1/connectors/${done.body.connector_id}`
    expect((await reads.send('POST', `${path}/test`, undefined, as('two'))).status).toBe(404)
    expect((await reads.get('/api/v1/connectors', as('two'))).body).toEqual({ connectors: [] })
    const late = await begin()
    reads.clock.advance(600_001)
    expect(
      (await reads.send('POST', callback, { code: late['code'], state: late['state'] }, as('one'))).body
        .field,
    ).toBe('state')
  })

  it('takes no key or token that no header could carry', async () => {
    const reads = await startReads()
    for (const key of ['\u0000', 'a\nx-admin: 1', '𝄞', 'schlüssel']) {
      const made = { connector_type: 'RESEND', api_key: key }
      expect(await reads.send('POST', '/api/v1/connectors', made)).toMatchObject({
        status: 400,
        body: { field: 'api_key' },
      })
      const integration = { provider: 'META', accessToken: 'EAAsandbox', refreshToken: key }
      expect(await reads.send('POST', '/api/v1/integrations', integration)).toMatchObject({
        status: 400,
        body: { field: 'refreshToken' },
      })
    }
    const good = { connector_type: 'RESEND', api_key: 're_sandbox_full' }
    expect((await reads.send('POST', '/api/v1/connectors', good)).status).toBe(200)
  })

  it('sends nobody to an address that is not on the list', async () => {
    const reads = await startReads()
    const elsewhere = { ...initiate, callback_url: 'https://evil.example/back' }
    expect(await reads.send('POST', '/api/v1/connectors/oauth/initiate', elsewhere)).toMatchObject({
      status: 400,
      body: { field: 'callback_url' },
    })
    expect(
      (await reads.send('POST', '/api/v1/connectors/oauth/initiate', { ...initiate, connector_type: 'NOPE' }))
        .status,
    ).toBe(404)
  })

  it('deletes the connection and takes the grant back', async () => {
    const reads = await startReads()
    const id = await reads.connect()
    expect((await reads.send('DELETE', `/api/v1/connectors/${id}`)).body).toMatchObject({ revoked: true })
    expect((await reads.get('/api/v1/connectors')).body.connectors).toEqual([])
    expect((await reads.send('POST', `/api/v1/connectors/${id}/test`)).status).toBe(404)
  })
})

describe('access tokens', () => {
  it('are refreshed once for a thousand callers, and a rotated refresh token is kept', async () => {
    const reads = await startReads()
    const id = await reads.connect()
    const { tokens } = reads.service.reads ?? {}
    if (!tokens) throw new Error('reads are off')
    for (const round of [1, 2]) {
      reads.clock.advance(3_600_000)
      const all = await Promise.all(Array.from({ length: 1_000 }, () => tokens.get(id)))
      expect(
        new Set(all.map((token) => (token.is === 'token' ? token.accessToken : token.detail))).size,
      ).toBe(1)
      expect(reads.platform.grants.filter((type) => type === 'refresh_token')).toHaveLength(round)
    }
  })

  it('are refreshed once by several processes too, of which one holds the lock', async () => {
    const reads = await startReads()
    const id = await reads.connect()
    const { reads: sync } = reads.service
    if (!sync) throw new Error('reads are off')
    const { store, clock, keyring, clientOf } = sync
    const authOf = () => reads.platform.connector.auth
    const keepers = ['a', 'b', 'c'].map((owner) =>
      createTokenKeeper({ store, clock, keyring, owner, authOf, clientOf, onClientRefused() {} }),
    )
    reads.clock.advance(3_600_000)
    let got: Token[] = []
    void Promise.all(keepers.flatMap((keeper) => [keeper.get(id), keeper.get(id)])).then((all) => {
      got = all
    })
    for (let turn = 0; turn < 500 && got.length === 0; turn++) {
      await goOn()
      reads.clock.advance(50)
    }
    expect(new Set(got.map((token) => (token.is === 'token' ? token.accessToken : token.detail))).size).toBe(
      1,
    )
    expect(got).toHaveLength(6)
    expect(reads.platform.grants.filter((type) => type === 'refresh_token')).toHaveLength(1)
  })

  it('that expired early are replaced without anybody noticing', async () => {
    const reads = await startReads()
    await reads.connect()
    reads.platform.expireTokens()
    expect((await reads.ended((await reads.fetchReport()).body.request_id)).body.status).toBe('completed')
  })

  it.each([
    [401, 'invalid_client'],
    [401, 'unauthorized_client'],
    [400, 'temporarily_unavailable'],
    [400, 'server_error'],
    [429, 'slow_down'],
    [503, 'internal_failure'],
  ])('that a provider does not give for a while (%i %s) cost nobody a connection', async (status, error) => {
    const reads = await startReads()
    const id = await reads.connect()
    reads.platform.expireTokens()
    reads.platform.refreshAnswer = { status, body: { error } }
    const { request_id } = (await reads.fetchReport()).body
    const path = `/api/v1/connectors/requests/${request_id}`
    const tries = () => reads.platform.grants.filter((type) => type === 'refresh_token').length
    await reads.until(path, () => tries() >= 4)
    expect((await reads.get('/api/v1/connectors')).body.connectors).toMatchObject([
      { id, status: 'connected' },
    ])
    reads.platform.refreshAnswer = undefined
    expect((await reads.ended(request_id)).body.status).toBe('completed')
  })

  it('that a provider refuses to our client are told to the operator once, until it accepts the client again', async () => {
    const reads = await startReads()
    const id = await reads.connect()
    const { reads: sync } = reads.service
    if (!sync) throw new Error('reads are off')
    const told: string[] = []
    const keeper = createTokenKeeper({
      ...sync,
      owner: 'a',
      authOf: () => reads.platform.connector.auth,
      onClientRefused: (type, detail) => told.push(`${type} ${detail}`),
    })
    const renewed = async () => {
      const token = await keeper.get(id)
      return keeper.renew(id, token.is === 'token' ? token.accessToken : '')
    }
    reads.platform.refreshAnswer = { status: 401, body: { error: 'invalid_client' } }
    expect(await renewed()).toMatchObject({ is: 'unavailable', retryAfterMs: 500 })
    expect(await renewed()).toMatchObject({ is: 'unavailable', retryAfterMs: 1_000 })
    expect(told).toEqual(['DV360 no access token: invalid_client'])
    reads.platform.refreshAnswer = undefined
    expect((await renewed()).is).toBe('token')
    reads.platform.refreshAnswer = { status: 401, body: { error: 'invalid_client' } }
    await renewed()
    expect(told).toHaveLength(2)
  })

  it('that have no type are bearer tokens, and without a time, or with 0, never end by time', async () => {
    for (const expires_in of [undefined, 0, null]) {
      const reads = await startReads()
      reads.platform.tokenFields = { token_type: undefined, scope: null, expires_in }
      const id = await reads.connect()
      reads.clock.advance(3_600_000)
      expect((await reads.service.reads?.tokens.get(id))?.is).toBe('token')
      expect(reads.platform.grants).toEqual(['authorization_code'])
    }
  })

  it('that were revoked ask for a person, and reconnecting goes on with the same connection', async () => {
    const reads = await startReads()
    const id = await reads.connect()
    reads.platform.revoke()
    const { body } = await reads.ended((await reads.fetchReport()).body.request_id)
    expect(body).toMatchObject({ status: 'failed', error: 'Please reconnect your account' })
    const connectors = async () => (await reads.get('/api/v1/connectors')).body.connectors
    expect(await connectors()).toMatchObject([
      { id, status: 'error', message: 'Please reconnect your account' },
    ])
    expect(await reads.fetchReport()).toMatchObject({ status: 400, body: { field: 'connector_id' } })
    const rows = await reads.service.reads?.store.db.selectFrom('events').select('type').execute()
    expect(rows?.map(({ type }) => type)).toEqual(['oauth_connected', 'oauth_revoked', 'fetch_failed'])
    expect(await reads.connect({ connector_id: id })).toBe(id)
    expect(await connectors()).toMatchObject([{ id, status: 'connected' }])
    expect((await reads.ended((await reads.fetchReport()).body.request_id)).body.status).toBe('completed')
  })
})
