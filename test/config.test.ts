import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { macro } from '../src/agent/exchange/openrtb/macros.ts'
import { hashKey } from '../src/api/index.ts'
import { parseConfig } from '../src/config/config.ts'
import { messageOf } from '../src/errors.ts'

const SHA256 = hashKey('bw_secret').toString('hex')
const KEYS = { API_KEYS: `ops:admin:${SHA256}` }

describe('configuration', () => {
  it('runs in mock mode on loopback with the documented defaults when nothing is set', () => {
    const config = parseConfig({})
    expect(config).toMatchObject({
      port: 8003,
      host: '127.0.0.1',
      mode: 'mock',
      apiKeys: [],
      budgetWindowMs: 600_000,
      alertRatio: 0.8,
      maxBid: 1_000_000_000,
      platforms: {
        google_ads: { budget: 500_000_000, currency: 'USD', rateLimit: { calls: 100, windowMs: 60_000 } },
        meta: { budget: 400_000_000, rateLimit: { calls: 200, windowMs: 3_600_000 } },
        tradedesk: { budget: 600_000_000, rateLimit: { calls: 300, windowMs: 60_000 } },
      },
      versions: { googleAds: 'v26', meta: 'v26.0' },
    })
    expect(config.platforms.meta.breaker).toEqual({ failures: 3, slowMs: 500, resetMs: 30_000, successes: 2 })
  })

  it('treats an empty variable as not set', () => {
    expect(parseConfig({ PORT: '', META_ACCESS_TOKEN: '' })).toMatchObject({ port: 8003, mode: 'mock' })
  })

  it('refuses an API that a platform does not have, and a region that has no phone numbers', () => {
    const apis = (platform: string, name: string) =>
      parseConfig({ CONVERSION_APIS: JSON.stringify({ [platform]: { [name]: { version: 'v25.0' } } }) })
    expect(apis('whatsapp', 'cloud').conversions.apis).toEqual({ whatsapp: { cloud: { version: 'v25.0' } } })
    expect(() => apis('whatsapp', 'graph')).toThrow(/graph: is no API of whatsapp; there is cloud/)
    expect(() => apis('google', 'ads')).toThrow(/there is data_manager, google_ads/)
    expect(() => parseConfig({ CONVERSION_DEFAULT_REGION: 'XX' })).toThrow(/CONVERSION_DEFAULT_REGION/)
    expect(parseConfig({ CONVERSION_DEFAULT_REGION: 'DE' }).conversions.defaultRegion).toBe('DE')
  })

  it('names every missing credential when live mode is asked for without any', () => {
    const start = () => parseConfig({ MOCK_MODE: 'false', ...KEYS })
    for (const name of [
      'GOOGLE_ADS_API_KEY',
      'GOOGLE_ADS_CUSTOMER_ID',
      'META_ACCESS_TOKEN',
      'META_BUSINESS_ID',
      'TRADEDESK_API_KEY',
      'TRADEDESK_PARTNER_ID',
    ]) {
      expect(start).toThrow(name)
    }
  })

  it('goes live with one platform alone, and names what is missing of a half-configured one', () => {
    const live = parseConfig({ META_ACCESS_TOKEN: 't', META_BUSINESS_ID: 'b', ...KEYS })
    expect(live).toMatchObject({
      mode: 'live',
      accounts: { google_ads: undefined, meta: { businessId: 'b' } },
    })
    expect(() => parseConfig({ META_ACCESS_TOKEN: 't', ...KEYS })).toThrow('META_BUSINESS_ID')
    expect(() => parseConfig({ META_ACCESS_TOKEN: 't', ...KEYS })).not.toThrow('TRADEDESK')
  })

  it('stays in mock mode with credentials when told to', () => {
    expect(parseConfig({ MOCK_MODE: 'true', META_ACCESS_TOKEN: 't' }).mode).toBe('mock')
  })

  it('prefers refresh-token credentials and strips dashes from Google ids', () => {
    const { accounts } = parseConfig({
      ...KEYS,
      GOOGLE_ADS_CUSTOMER_ID: '111-222-3333',
      GOOGLE_ADS_CLIENT_ID: 'c',
      GOOGLE_ADS_CLIENT_SECRET: 's',
      GOOGLE_ADS_REFRESH_TOKEN: 'r',
    })
    expect(accounts.google_ads).toMatchObject({ customerId: '1112223333', auth: { is: 'refresh_token' } })
  })

  it('demands API keys in live mode and off loopback', () => {
    expect(() => parseConfig({ META_ACCESS_TOKEN: 't', META_BUSINESS_ID: 'b' })).toThrow('API_KEYS')
    expect(() => parseConfig({ HOST: '0.0.0.0' })).toThrow('API_KEYS')
    expect(parseConfig({ HOST: '0.0.0.0', ...KEYS }).apiKeys).toMatchObject([
      { name: 'ops', scopes: ['admin'] },
    ])
  })

  it.each([
    ['PORT', '70000'],
    ['MAX_BID', '1.2345678'],
    ['META_BUDGET', '-5'],
    ['META_CURRENCY', 'EURO'],
    ['META_RATE_LIMIT', '200 per hour'],
    ['META_BREAKER', '3/500'],
    ['META_API_VERSION', 'latest'],
    ['API_KEYS', 'ops:admin'],
    ['API_KEYS', `ops:root:${SHA256}`],
    ['LOG_LEVEL', 'loud'],
    ['MOCK_MODE', 'maybe'],
    ['FALLBACK_MULTIPLIERS', 'x'],
    ['LTV_PREDICTOR_URL', 'http://predictor.example'],
    ['META_URL', 'http://graph.facebook.com'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => parseConfig({ [name]: value })).toThrow(name)
  })

  it('reads what groups may do, and refuses a sign-in by OpenID Connect that lets nobody in', () => {
    const OIDC = {
      OIDC_ISSUER: 'https://idp.example/realms/ads/',
      OIDC_CLIENT_ID: 'bidwarden',
      OIDC_GROUPS: '{"traders":"read+operate","acme":"bid@7"}',
    }
    const { oidc, orgs } = parseConfig(OIDC)
    expect(oidc).toMatchObject({ issuer: 'https://idp.example/realms/ads/', scope: 'openid profile email' })
    expect([...(oidc?.groups ?? [])]).toEqual([
      ['traders', { scopes: ['read', 'operate'], org: undefined }],
      ['acme', { scopes: ['bid'], org: 7 }],
    ])
    expect(orgs).toEqual([7])
    expect(parseConfig({}).oidc).toBeUndefined()
    const refusals = [
      [{ OIDC_GROUPS: '{"a":"read+fly"}' }, /OIDC_GROUPS.*must be scopes of bid/],
      [{ OIDC_GROUPS: '{}' }, /OIDC_GROUPS: required/],
      [{ OIDC_CLIENT_ID: '' }, /OIDC_CLIENT_ID: required/],
      [{ OIDC_ISSUER: '' }, /OIDC_ISSUER: required/],
      [{ OIDC_ISSUER: 'http://idp.example' }, /must be https/],
      [{ OIDC_SCOPES: 'profile' }, /must have openid/],
      [{ HOST: '0.0.0.0' }, /PUBLIC_URL: required/],
    ] as const
    for (const [more, refusal] of refusals) expect(() => parseConfig({ ...OIDC, ...more })).toThrow(refusal)
    // People make the keys of programs then.
    const open = { ...OIDC, HOST: '0.0.0.0', PUBLIC_URL: 'https://bids.example' }
    expect(parseConfig(open).apiKeys).toEqual([])
  })

  it('never shows a secret in what it says', () => {
    const secret = 'EAAB-very-secret'
    const said = (environment: Record<string, string>): string => {
      try {
        parseConfig(environment)
      } catch (error) {
        return messageOf(error)
      }
      return ''
    }
    expect(said({ META_ACCESS_TOKEN: secret })).toContain('META_BUSINESS_ID')
    expect(said({ META_ACCESS_TOKEN: secret })).not.toContain(secret)
    expect(said({ API_KEYS: 'bw_secret_key' })).toContain('API_KEYS')
    expect(said({ API_KEYS: 'bw_secret_key' })).not.toContain('bw_secret_key')
  })

  it('reads whose a key is, and which organisations there are beside the operator', () => {
    const sha256 = hashKey('secret').toString('hex')
    const other = hashKey('other').toString('hex')
    const keys = `a:read:${sha256},b@7:read+premium:${other}`
    const { apiKeys, orgs } = parseConfig({ API_KEYS: keys, OPENRTB_SEATS: '[{"id":"s","org":9}]' })
    expect(apiKeys.map(({ name, org, scopes }) => ({ name, org, scopes }))).toEqual([
      { name: 'a', org: undefined, scopes: ['read'] },
      { name: 'b', org: 7, scopes: ['read', 'premium'] },
    ])
    expect(orgs).toEqual([7, 9])
    expect(parseConfig({ API_KEYS: keys, OPERATOR_ORG: '7' }).orgs).toEqual([])
    // The first would count, and a key of an organisation be the operator's.
    expect(() => parseConfig({ API_KEYS: `a:admin:${sha256},b@7:bid:${sha256}` })).toThrow(/same key twice/)
    expect(() => parseConfig({ OPENRTB_SEATS: '[{"id":"s"},{"id":"s","org":7}]' })).toThrow(/twice/)
    expect(() => parseConfig({ OPENRTB_SEATS: '[{"id":"s","org":7,"org":8}]' })).toThrow(
      'OPENRTB_SEATS: must name each member once',
    )
    expect(() => parseConfig({ API_KEYS: `b@x:read:${sha256}` })).toThrow(/organisation/)
  })

  it('reads the keys of encrypted prices, and refuses one that is short, mistyped or missing, without showing it', () => {
    const base64 = 'sIxwz7yw62yrfoLGt12lIHKuYrK_S5kLuApI2BQe7Ac='
    const hex = Buffer.from(base64, 'base64url').toString('hex')
    const start = (encryptedPrices: object, more: object = {}) =>
      parseConfig({ OPENRTB_SEATS: JSON.stringify([{ id: 'adx', encryptedPrices }]), ...more })
    for (const key of [base64, base64.slice(0, -1), base64.replaceAll('_', '/'), hex, hex.toUpperCase()]) {
      const [seat] = start({ keys: [{ encryption: key, integrity: base64 }] }).bidder.seats
      expect(seat?.encryptedPrices).toMatchObject({ unit: 'cpm', macro: 'AUCTION_PRICE' })
      expect(seat?.encryptedPrices?.keys[0]?.encryption.export().toString('hex')).toBe(hex)
    }
    const wrong = [
      '',
      ' ',
      '!!!!',
      base64.slice(1),
      `${base64}=`,
      ` ${base64}`,
      hex.slice(1),
      base64 + base64,
    ]
    for (const key of wrong) {
      for (const pair of [
        { encryption: key, integrity: base64 },
        { encryption: base64, integrity: key },
      ]) {
        expect(() => start({ keys: [pair] })).toThrow(
          /OPENRTB_SEATS\.0\.encryptedPrices\.keys\.0\.\w+: must be 32 bytes/,
        )
        if (key.length > 4) expect(() => start({ keys: [pair] })).not.toThrow(new RegExp(key.slice(0, 20)))
      }
    }
    expect(() => start({ keys: [] })).toThrow('encryptedPrices.keys')
    expect(() => start({})).toThrow('encryptedPrices.keys')
    expect(() => start({ keys: [{ encryption: base64 }] })).toThrow('keys.0.integrity')
    const keys = [{ encryption: base64, integrity: base64 }]
    for (const name of ['', macro('AUCTION_PRICE'), 'price&x=', 'AUCTION_PRICE:ox"'])
      expect(() => start({ keys, macro: name })).toThrow('encryptedPrices.macro')
    expect(() => start({ keys, currency: 'EUR' })).toThrow(/prices of seat adx are in EUR/)
    expect(() => start({ keys, currency: 'EUR' }, { OPENRTB_RATES: '{"EUR":1.1}' })).not.toThrow()
  })

  it.each([
    ['CONNECTOR_RATE_LIMITS', 'DV360=50', /NAME=calls/],
    ['CONNECTOR_RATE_LIMITS', 'NOPE=50/60', /NAME=calls/],
    ['ENCRYPTION_KEY', 'c2hvcnQ=', /base64 of 32 bytes/],
    ['ENCRYPTION_KEY', `${'!'.repeat(10)}${Buffer.alloc(32).toString('base64')}`, /base64 of 32 bytes/],
    ['NOTICE_SECRET', 'short', /at least 32 characters/],
    ['NOTICE_SECRET', ' '.repeat(40), /at least 32 characters/],
    ['META_APP_SECRET', ' ', /at least 16 characters/],
    ['S3_SECRET_ACCESS_KEY', ' ', /at least 1 characters/],
    ['GOOGLE_ADS_CLIENT_SECRET', ' ', /at least 1 characters/],
    ['OAUTH_CLIENTS', '{"META":{"clientId":"a","clientSecret":" "}}', /at least 1 characters/],
    ['API_KEYS', `a:read:${hashKey('').toString('hex')}`, /API_KEYS/],
    ['DATABASE_URL', 'mysql://x', /postgres/],
    ['S3_BUCKET', 'b', /S3_ENDPOINT/],
    ['OAUTH_CLIENTS', '{"NOPE":{}}', /OAUTH_CLIENTS/],
    ['OAUTH_CALLBACK_URLS', 'http://evil.example/', /https/],
  ])('refuses %s=%s', (name, value, message) => {
    expect(() => parseConfig({ [name]: value })).toThrow(message)
  })

  it('can have Redis for events alone, where there are any', () => {
    const REDIS_URL = 'redis://127.0.0.1:6379'
    const { store, sync } = parseConfig({ STORE: 'sqlite', REDIS_URL })
    expect([store.is, sync?.streamUrl]).toEqual(['sqlite', REDIS_URL])
    expect(() => parseConfig({ STORE: 'memory', REDIS_URL })).toThrow(/exclude each other/)
    const live = { MOCK_MODE: 'false', API_KEYS: `a:bid:${'0'.repeat(64)}`, STORE: 'sqlite', REDIS_URL }
    expect(() => parseConfig(live)).toThrow(/REDIS_URL: with STORE=sqlite Redis is used for events only/)
    const key = { ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') }
    expect(() => parseConfig({ ...live, ...key })).not.toThrow(/REDIS_URL/)
  })

  it('wants a secret for notices where several processes get them', () => {
    const REDIS_URL = 'redis://127.0.0.1:6379'
    expect(() => parseConfig({ REDIS_URL })).toThrow(/NOTICE_SECRET/)
    const { bidder } = parseConfig({ REDIS_URL, NOTICE_SECRET: 's'.repeat(32) })
    expect(bidder.noticeSecret).toBe('s'.repeat(32))
  })

  it('reads limits by platform, several of one', () => {
    const { sync } = parseConfig({ CONNECTOR_RATE_LIMITS: 'DV360=50/60+10000/86400,TTD=100/60' })
    expect(sync?.limits.DV360).toEqual([
      { calls: 50, windowMs: 60_000 },
      { calls: 10_000, windowMs: 86_400_000 },
    ])
    expect(sync?.limits.TTD).toEqual([{ calls: 100, windowMs: 60_000 }])
  })

  it('is listed in .env.example with the defaults that are in force', () => {
    const lines = readFileSync('.env.example', 'utf8').split('\n')
    const set = lines.map((line) => /^([A-Z0-9_]+)=(.+)$/.exec(line)).filter((match) => match !== null)
    const defaults = Object.fromEntries(set.map(([, name, value]) => [name, value]))
    expect(parseConfig(defaults)).toEqual(parseConfig({}))
    const listed = lines
      .map((line) => /^(?:# )?([A-Z0-9_]+)=/.exec(line)?.[1])
      .filter((name) => name !== undefined)
    const fields = ['environment', 'approvals', 'reading', 'conversions', 'oidc']
      .map((name) => readFileSync(`src/config/${name}.ts`, 'utf8'))
      .join('')
    const read = [...fields.matchAll(/^ {2}([A-Z0-9_]+): /gm)].map(([, name]) => name)
    expect(new Set(listed)).toEqual(new Set(read))
  })
})
