import { describe, expect, it } from 'vitest'
import { CookieJar } from '../support/cookie-jar.ts'
import { freePort } from '../support/free-port.ts'
import { startHarness } from '../support/harness.ts'
import { type Account, startOidcProvider } from '../support/oidc-provider.ts'

const GROUPS = {
  'traders & friends': 'read+operate',
  admins: 'admin',
  acme: 'read@7',
  'acme-ops': 'operate@7',
  other: 'read@8',
}
const ANNA: Account = {
  ...{ sub: 'id-of-anna', email: 'anna@example.com', email_verified: true },
  groups: ['traders & friends', 'unheard-of'],
}
const START = '/v1/session/oidc'
const CALLBACK = `${START}/callback`

async function started({ environment = {}, isGroupsInToken = true } = {}) {
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}`
  const provider = await startOidcProvider({ redirectUri: publicUrl + CALLBACK, isGroupsInToken })
  const harness = await startHarness({
    PORT: String(port),
    ...provider.environment(publicUrl, GROUPS),
    ...environment,
  })
  /** What a page of the console sends with the cookies of the jar. */
  const page = (jar: CookieJar) => ({
    ...{ cookie: jar.header(publicUrl), origin: publicUrl, 'sec-fetch-site': 'same-origin' },
  })
  const isBack = (next: URL) => next.href.startsWith(publicUrl + CALLBACK)
  return {
    ...harness,
    provider,
    publicUrl,
    page,
    /** Signs somebody in with a browser of their own. */
    async signIn(account: Account | undefined, query = '') {
      provider.signIn(account)
      const jar = new CookieJar()
      const end = await jar.follow(
        publicUrl + START + query,
        ({ host, pathname }) => host === new URL(publicUrl).host && !pathname.startsWith(START),
      )
      return { jar, at: end.url.slice(publicUrl.length) }
    },
    /** Goes to the provider, up to the address with which the browser comes back. */
    async onTheWay(account: Account, query = '') {
      provider.signIn(account)
      const jar = new CookieJar()
      return { jar, back: new URL((await jar.follow(publicUrl + START + query, isBack)).url) }
    },
    /** Comes back; where the browser is sent then. */
    comeBack: async (jar: CookieJar, back: URL) => (await jar.get(back.href)).headers.get('location'),
    who: async (jar: CookieJar) => harness.get('/v1/session', page(jar)),
  }
}

describe('signing in by OpenID Connect', () => {
  it('opens a session with the rights of the groups, and goes on at the page that was wanted', async () => {
    const { signIn, who, get, send, page, logged, publicUrl } = await started()
    expect((await get('/v1/session/ways')).body).toMatchObject({
      apiKey: true,
      oidc: { host: expect.any(String) },
    })
    expect((await get('/v1/budgets')).status).toBe(401)
    const { jar, at } = await signIn(ANNA, '?page=%2Fconsole%2Fbudgets%2Fplatform%253Ameta')
    expect(at).toBe('/console/budgets/platform%3Ameta')
    expect((await who(jar)).body).toMatchObject({
      ...{ keyNeeded: true, signedIn: true, name: 'oidc:anna@example.com', isOperator: true },
      scopes: ['read', 'operate'],
    })
    expect((await get('/v1/budgets', page(jar))).status).toBe(200)
    expect(await get('/v1/keys', page(jar))).toMatchObject({
      status: 403,
      body: { detail: 'oidc:anna@example.com lacks the scope admin' },
    })
    // Who has changed something is said with a name that no key can have.
    await send('POST', '/v1/budgets/global/pause', {}, page(jar))
    const { entries } = (await get('/v1/audit?action=budget.paused', page(jar))).body
    expect(entries).toMatchObject([{ caller: 'oidc:anna@example.com' }])
    // No other site uses the session, and nothing of the login stays in the browser.
    expect((await get('/v1/budgets', { ...page(jar), 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect(jar.header(publicUrl)).toMatch(/^bidwarden_session=[\w-]{43}$/)
    expect(logged).toContainEqual(
      expect.objectContaining({ msg: 'signed in', name: 'oidc:anna@example.com' }),
    )
    await send('DELETE', '/v1/session', undefined, page(jar))
    expect((await who(jar)).status).toBe(401)
  })

  it('gives the rights of all groups, of one organisation; those of the operator’s stand above', async () => {
    const { signIn, who } = await started()
    const rights = async (...groups: string[]) => {
      const { jar, at } = await signIn({ ...ANNA, groups })
      const { body } = await who(jar)
      return at === '/' ? [body.organisation, body.scopes] : at
    }
    expect(await rights('acme', 'acme-ops')).toEqual([7, ['read', 'operate']])
    expect(await rights('acme-ops', 'traders & friends')).toEqual([1, ['read', 'operate']])
    expect(await rights('admins', 'acme')).toEqual([1, expect.arrayContaining(['admin', 'bid'])])
    expect(await rights('acme', 'other')).toBe('/?sign_in=several_organisations')
    expect(await rights('unheard-of')).toBe('/?sign_in=no_groups')
    expect(await rights()).toBe('/?sign_in=no_groups')
  })

  it('asks for groups that are not in the token, and names nobody by an address that nobody has verified', async () => {
    const { signIn, who, provider } = await started({ isGroupsInToken: false })
    const { jar } = await signIn({ ...ANNA, email_verified: false })
    expect((await who(jar)).body).toMatchObject({ name: 'oidc:id-of-anna', scopes: ['read', 'operate'] })
    expect(provider.asked).toContain('GET /me')
    const named = async (email: string) => (await who((await signIn({ ...ANNA, email })).jar)).body.name
    expect(await named('ops, admin')).toBe('oidc:id-of-anna')
  })

  it('lets nobody in who has not come from here, or comes again', async () => {
    const { onTheWay, comeBack, who, clock, provider, publicUrl } = await started()
    const expired = '/?sign_in=expired'
    const tokens = () => provider.asked.filter((one) => one === 'POST /token').length
    // Another browser, which has no login under way, or one of its own.
    const victim = await onTheWay(ANNA)
    expect(await comeBack(new CookieJar(), victim.back)).toBe(expired)
    const other = await onTheWay(ANNA)
    expect(await comeBack(other.jar, victim.back)).toBe(expired)
    // A state, an issuer and a cookie that are not what was sent.
    const changed = async (change: (url: URL) => void) => {
      const { jar, back } = await onTheWay(ANNA)
      change(back)
      return comeBack(jar, back)
    }
    expect(await changed((url) => url.searchParams.set('state', 'guessed'))).toBe(expired)
    expect(await changed((url) => url.searchParams.set('iss', 'https://other.example'))).toBe(expired)
    expect(tokens()).toBe(0)
    expect(await changed((url) => url.searchParams.set('code', 'guessed'))).toBe(expired)
    const forged = await fetch(victim.back, {
      redirect: 'manual',
      headers: { cookie: `bidwarden_login=${Buffer.alloc(300).toString('base64url')}` },
    })
    expect(forged.headers.get('location')).toBe(expired)

    const slow = await onTheWay(ANNA)
    clock.advance(600_000)
    expect(await comeBack(slow.jar, slow.back)).toBe(expired)

    const once = await onTheWay(ANNA)
    const cookie = once.jar.header(publicUrl)
    expect(await comeBack(once.jar, once.back)).toBe('/')
    expect((await who(once.jar)).status).toBe(200)
    const again = await fetch(once.back, { redirect: 'manual', headers: { cookie } })
    expect(again.headers.get('location')).toBe(expired)
  })

  it('ends at another process what one has begun, where both have the secret of the service', async () => {
    const NOTICE_SECRET = 'a secret that all processes share'
    const first = await started({ environment: { NOTICE_SECRET } })
    const { jar, back } = await first.onTheWay(ANNA)
    const ended = async (secret: string) => {
      const other = await startHarness({
        NOTICE_SECRET: secret,
        ...first.provider.environment(first.publicUrl, GROUPS),
      })
      const reply = await fetch(other.url + back.pathname + back.search, {
        redirect: 'manual',
        headers: { cookie: jar.header(first.publicUrl) },
      })
      return [reply.headers.get('location'), reply.headers.getSetCookie().at(-1)]
    }
    expect(await ended('another secret, of another service')).toEqual([
      '/?sign_in=expired',
      expect.stringMatching(/^bidwarden_login=;/),
    ])
    expect(await ended(NOTICE_SECRET)).toEqual(['/', expect.stringMatching(/^bidwarden_session=[\w-]{43};/)])
  })

  it('says why it cannot be, and never what is secret', async () => {
    const { signIn, onTheWay, comeBack, provider, logged } = await started()
    provider.fail(502)
    expect((await signIn(ANNA)).at).toBe('/?sign_in=provider_away')
    provider.fail()
    expect((await signIn(undefined)).at).toBe('/?sign_in=refused')
    const { jar, back } = await onTheWay(ANNA)
    provider.fail(503)
    expect(await comeBack(jar, back)).toBe('/?sign_in=provider_away')
    provider.fail()
    for (let tries = 0; tries < 20; tries++) {
      const { jar, back } = await onTheWay(ANNA)
      back.searchParams.set('code', 'guessed')
      await comeBack(jar, back)
    }
    const tried = await onTheWay(ANNA)
    expect(await comeBack(tried.jar, tried.back)).toBe('/?sign_in=too_many')
    const text = JSON.stringify(logged)
    expect(text).toContain('nobody was signed in')
    expect(text).not.toMatch(/the secret of the client/)
    expect(text).not.toContain(tried.back.searchParams.get('code'))
    // A page that is not the console's is gone to by nobody.
    for (const page of ['https://evil.example/', '//evil.example', '/\\evil.example', '/v1/keys'])
      expect((await signIn(ANNA, `?${new URLSearchParams({ page })}`)).at).not.toContain('evil')
  })

  it('believes no token that somebody else has signed', async () => {
    const { signIn, provider, logged } = await started()
    provider.showOtherKeys()
    expect((await signIn(ANNA)).at).toBe('/?sign_in=invalid_answer')
    expect(JSON.stringify(logged)).toContain('signature verification failed')
  })

  it('is told by a provider that does not know this service', async () => {
    const { signIn, provider } = await started({ environment: { OIDC_CLIENT_SECRET: 'a wrong secret' } })
    expect((await signIn(ANNA)).at).toBe('/?sign_in=not_configured_there')
    expect(provider.asked).toContain('POST /token')
  })

  it('goes to the public address first, where the cookies of the way back are', async () => {
    const { publicUrl } = await started()
    const elsewhere = await fetch(`${publicUrl.replace('127.0.0.1', 'localhost')}${START}?page=/console`, {
      redirect: 'manual',
    })
    expect(elsewhere.headers.get('location')).toBe(`${publicUrl}${START}?page=%2Fconsole&at=home`)
    const home = await fetch(`${publicUrl}${START}`, { redirect: 'manual' })
    expect(home.headers.get('set-cookie')).toMatch(
      /^bidwarden_login=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/,
    )
    expect(home.headers.get('cache-control')).toBe('no-store')
    const anew = await fetch(`${publicUrl}${START}?anew=1`, { redirect: 'manual' })
    expect(anew.headers.get('location')).toMatch(/[?&]prompt=login(&|$)/)
    const query = new URL(home.headers.get('location') ?? '').searchParams
    expect(query.has('prompt')).toBe(false)
    expect(Object.fromEntries(query)).toMatchObject({
      ...{ response_type: 'code', code_challenge_method: 'S256', scope: 'openid email groups' },
      ...{ state: expect.stringMatching(/.{40}/), nonce: expect.stringMatching(/.{40}/) },
    })
  })
})

it('nobody signs in by OpenID Connect where it is not configured', async () => {
  const { get } = await startHarness()
  expect((await get('/v1/session/ways')).body).toEqual({ apiKey: true, oidc: null })
  for (const path of [START, CALLBACK])
    expect(await get(path)).toMatchObject({ status: 503, body: { code: 'not_configured' } })
})
