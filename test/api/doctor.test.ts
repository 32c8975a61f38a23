import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Finding } from '../../src/agent/index.ts'
import { hashKey } from '../../src/api/index.ts'
import { parseConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/log.ts'
import { startService } from '../../src/main.ts'
import { startSandbox } from '../../src/sandbox/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { startHarness } from '../support/harness.ts'
import { environmentOn } from '../support/postgres.ts'
import { redis } from '../support/replica.ts'
import { terminalAt } from '../support/terminal.ts'

const SECRETS = { NOTICE_SECRET: 'shared by all processes, 32 chars', API_KEYS: keyEntry() }

function keyEntry(): string {
  return `ops:admin:${hashKey('key-of-the-test').toString('hex')}`
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** What the command finds in this environment, and how it ends. */
async function doctor(environment: Record<string, string>) {
  const terminal = terminalAt('http://127.0.0.1:1', { DATA_DIR: folder(), ...environment })
  const code = await terminal.run('doctor', '--json')
  const { findings } = JSON.parse(terminal.lines.join('\n')) as { findings: Finding[] }
  const of = (subject: string) => findings.filter((one) => one.subject === subject)
  return { code, of, findings, text: terminal.lines.join('\n') }
}

/** Live mode, with the platforms played here. */
async function live(): Promise<Record<string, string>> {
  const sandbox = await startSandbox({ port: 0, clock: systemClock })
  onTestFinished(() => sandbox.close())
  const { urls, credentials } = sandbox
  const { googleAds, meta } = credentials
  return {
    ...SECRETS,
    MOCK_MODE: 'false',
    GOOGLE_ADS_URL: urls.googleAds,
    GOOGLE_OAUTH_URL: urls.googleOauth,
    GOOGLE_ADS_CUSTOMER_ID: googleAds.customerId,
    GOOGLE_ADS_CLIENT_ID: googleAds.clientId,
    GOOGLE_ADS_CLIENT_SECRET: googleAds.clientSecret,
    GOOGLE_ADS_REFRESH_TOKEN: googleAds.refreshToken,
    META_URL: urls.meta,
    META_ACCESS_TOKEN: meta.accessToken,
    META_BUSINESS_ID: meta.businessId,
  }
}

/** A service with this environment, asked with its key. */
async function startIn(environment: Record<string, string>) {
  const config = parseConfig({ PORT: '0', DATA_DIR: folder(), ...environment })
  const service = await startService(config, { log: createLog('silent') })
  onTestFinished(() => service.stop())
  const send = async (method: string, path: string, sent?: unknown) => {
    const reply = await fetch(service.url + path, {
      method,
      headers: { 'content-type': 'application/json', authorization: 'Bearer key-of-the-test' },
      ...(sent !== undefined && { body: JSON.stringify(sent) }),
    })
    const body: { findings: Finding[] } = JSON.parse(await reply.text())
    return { status: reply.status, body }
  }
  return { service, send }
}

describe('bidwarden doctor', () => {
  it('ends with 0 where nothing is a problem, and leaves nothing behind', async () => {
    const DATA_DIR = folder()
    const { code, of } = await doctor({ DATA_DIR })
    expect(of('mode')).toMatchObject([{ state: 'ok', detail: expect.stringContaining('mock') }])
    expect(of('flush')).toMatchObject([
      { detail: expect.stringMatching(/^a write is on the disk after [\d.]+ ms$/) },
    ])
    expect(of('meta')).toMatchObject([{ state: 'off' }])
    // Where tests keep their folders in memory, that is found.
    expect(code).toBe(of('disk').length)
    expect(readdirSync(DATA_DIR)).toEqual([])
  })

  it('asks each platform whether our credentials may bid there in our currency, and names the one that may not', async () => {
    const environment = await live()
    const right = await doctor(environment)
    expect(right.of('google_ads')).toMatchObject([{ state: 'ok' }])
    expect(right.of('meta')).toMatchObject([{ state: 'ok' }])
    expect(right.of('tradedesk')).toMatchObject([{ state: 'off' }])
    const wrong = await doctor({ ...environment, META_ACCESS_TOKEN: 'revoked', GOOGLE_ADS_CURRENCY: 'EUR' })
    expect(wrong.code).toBe(1)
    expect(wrong.of('meta')).toMatchObject([
      { state: 'problem', advice: expect.stringContaining('credentials') },
    ])
    expect(wrong.of('google_ads')).toMatchObject([
      { state: 'problem', detail: expect.stringMatching(/USD.*EUR/) },
    ])
    expect(wrong.text).not.toContain('revoked')
  })

  it('finds what makes a Redis unfit for money', async () => {
    const { url } = await redis()
    const REDIS = { ...SECRETS, REDIS_URL: url }
    const plain = await doctor(REDIS)
    expect(plain.of('Redis persistence')).toMatchObject([{ state: 'warning' }])
    expect(plain.of('clock')).toMatchObject([{ state: 'ok', detail: expect.stringContaining('Redis') }])
    const client = new Redis(url)
    onTestFinished(() => client.disconnect())
    await client.config('SET', 'appendonly', 'yes')
    await client.config('SET', 'maxmemory', '1gb', 'maxmemory-policy', 'allkeys-lru')
    const unfit = await doctor({ ...REDIS, REDIS_MIN_REPLICAS: '1' })
    expect(unfit.of('Redis persistence')).toMatchObject([{ state: 'ok' }])
    expect(unfit.of('Redis eviction')).toMatchObject([
      { state: 'problem', advice: expect.stringContaining('noeviction') },
    ])
    expect(unfit.of('Redis replicas')).toMatchObject([{ state: 'problem' }])
    expect(unfit.code).toBe(1)
  })

  it('finds stores that are away, and shows no password of their addresses', async () => {
    const away = await doctor({
      ...SECRETS,
      REDIS_URL: 'redis://u:hunter2@127.0.0.1:1',
      DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/b',
    })
    expect(away.of('Redis')).toMatchObject([{ state: 'problem' }])
    expect(away.of('PostgreSQL')).toMatchObject([{ state: 'problem' }])
    expect(away.text).not.toContain('hunter2')
  })

  it('examines a PostgreSQL', async () => {
    const { of } = await doctor(await environmentOn('PostgreSQL'))
    expect(of('PostgreSQL')).toMatchObject([{ state: 'ok', detail: expect.stringMatching(/^\d+/) }])
  })

  it('says of a configuration that is refused what is wrong, each by itself', async () => {
    const { code, findings } = await doctor({ MOCK_MODE: 'false', META_ACCESS_TOKEN: 'x' })
    expect(code).toBe(1)
    expect(findings.map(({ state, subject }) => [state, subject])).toEqual(
      findings.map(() => ['problem', 'variables']),
    )
    expect(findings.map(({ detail }) => detail).join()).toContain('META_BUSINESS_ID')
  })
})

it('GET /v1/doctor compares the days of our limits with those of the account', async () => {
  const { service, send } = await startIn(await live())
  expect(service.sandbox).toBeUndefined()
  const limits = (timezone: string) => ({ limits: [{ kind: 'day', timezone, max: 50 }] })
  const found = async () => {
    const { body } = await send('GET', '/v1/doctor')
    return body.findings
      .filter(({ subject }: Finding) => subject === 'google_ads')
      .map(({ state }: Finding) => state)
  }
  await send('PUT', '/v1/budgets/platform:google_ads', limits('Asia/Kolkata'))
  expect(await found()).toEqual(['ok', 'warning'])
  await send('PUT', '/v1/budgets/platform:google_ads', limits('UTC'))
  expect(await found()).toEqual(['ok'])
})

it('GET /v1/doctor finds the same on the running service', async () => {
  const { get } = await startHarness()
  const { status, body } = await get('/v1/doctor')
  expect(status).toBe(200)
  expect(body.findings).toEqual(
    expect.arrayContaining([expect.objectContaining({ subject: 'mode', state: 'ok' })]),
  )
})
