import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { CONTROL_KEY } from '../../src/shield/budget/stores/redis/redis-control.ts'
import { startRedis } from '../support/redis-server.ts'
import { folder, listening, type Started, start } from '../support/service.ts'

const COUNT = 9_900
const CLIENTS = 8
const CAMPAIGN = JSON.stringify({
  seat: 'example',
  advertiserDomain: 'adv.example',
  price: { cpmPerLtv: 0.01, minCpm: 1, maxCpm: 20 },
  limits: [{ kind: 'sliding', windowSeconds: 600, max: 100 }],
  creatives: [{ id: 'cr1', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: 'x' }],
})
const AUCTION = JSON.stringify({ id: '1', imp: [{ id: '1', banner: { w: 300, h: 250 } }] })
/** A start may take so long on a machine that is several times slower than the one it is measured on. */
const START_SECONDS = 60

const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })

async function ask(url: string, method: string, path: string, body?: string): Promise<[number, string]> {
  const asked = request(url + path, { method, agent, headers: { 'content-type': 'application/json' } })
  asked.end(body)
  const [answer] = await once(asked, 'response')
  let text = ''
  for await (const chunk of answer) text += chunk
  return [answer.statusCode ?? 0, text]
}

/** Does it for every campaign, some at a time. Returns how many were answered with 200. */
async function each(work: (id: string) => Promise<[number, string]>): Promise<number> {
  let next = 0
  let ok = 0
  const client = async () => {
    while (next < COUNT) {
      const [status] = await work(`m${next++}`)
      if (status === 200) ok += 1
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return ok
}

const entries = (data: string, what: string): number => {
  const file = new DatabaseSync(join(data, 'ledger.db'), { readOnly: true })
  const { found } = file
    .prepare(`SELECT count(*) AS found FROM entries WHERE text LIKE '%"do":"${what}"%'`)
    .get() as { found: number }
  file.close()
  return found
}

async function ended(service: Started, signal: NodeJS.Signals): Promise<void> {
  const exit = once(service.child, 'exit')
  service.child.kill(signal)
  await exit
}

interface Kept {
  readonly environment: Record<string, string>
  /** Definitions of budgets that were ever written, where a ledger is kept; else of those that are there now. */
  defined(data: string): Promise<number>
}

const inLedger = async (data: string) => entries(data, 'define')

const KINDS: Readonly<Record<string, () => Promise<Kept>>> = {
  'one process': async () => ({ environment: { STORE: 'sqlite' }, defined: inLedger }),
  'two workers': async () => ({ environment: { STORE: 'sqlite', WORKERS: '2' }, defined: inLedger }),
  Redis: async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.close())
    const client = new Redis(redis.url)
    onTestFinished(() => client.disconnect())
    const environment = { REDIS_URL: redis.url, NOTICE_SECRET: 'shared by all processes, 32 chars' }
    const fields = async () => (await client.hkeys(CONTROL_KEY)).filter((name) => name.startsWith('s:'))
    return { environment, defined: async () => (await fields()).length }
  },
}

it.each(Object.keys(KINDS))(
  'ten thousand campaigns are put, restarted, scraped, paused and deleted: %s',
  async (kind) => {
    const data = folder()
    const kept = await KINDS[kind]?.()
    if (!kept) throw new Error(kind)
    const environment = { PORT: '0', DATA_DIR: data, LOG_LEVEL: 'error', ...kept.environment }
    const started = async () => {
      const from = performance.now()
      const service = start(environment)
      const url = await listening(service)
      return { service, url, seconds: (performance.now() - from) / 1000 }
    }
    const first = await started()
    expect((await ask(first.url, 'POST', '/v1/store/trust', '{}'))[0]).toBeLessThan(500)
    const before = await kept.defined(data)
    const from = performance.now()
    expect(await each((id) => ask(first.url, 'PUT', `/v1/campaigns/${id}`, CAMPAIGN))).toBe(COUNT)
    const putPerSecond = COUNT / ((performance.now() - from) / 1000)
    // A campaign is answered when it is recorded; its budget is on its way then.
    await expect.poll(async () => (await kept.defined(data)) - before).toBe(COUNT)
    await expect
      .poll(async () => (await ask(first.url, 'POST', '/openrtb2/example/bid', AUCTION))[0])
      .toBe(200)

    await ended(first.service, 'SIGKILL')
    const second = await started()
    expect(second.seconds).toBeLessThan(START_SECONDS)
    // Bids get their money: the store answers, although each campaign's purse asks it for the first time.
    await expect.poll(async () => (await ask(second.url, 'GET', '/readyz'))[0]).toBe(200)
    // A start that changes nothing writes nothing of the campaigns.
    expect((await kept.defined(data)) - before).toBe(COUNT)
    const { url } = second
    await expect.poll(async () => (await ask(url, 'POST', '/openrtb2/example/bid', AUCTION))[0]).toBe(200)
    const [, metrics] = await ask(url, 'GET', '/metrics')
    expect(metrics.split('\n').length).toBeLessThan(3_000)
    const [, page] = await ask(url, 'GET', '/v1/campaigns')
    expect(JSON.parse(page)).toMatchObject({ campaigns: { length: 100 }, next: expect.any(String) })
    expect((await ask(url, 'POST', '/v1/budgets/campaign:google_ads:new/pause', '{}'))[0]).toBe(200)

    // So it is after a stop that gives everything back.
    await ended(second.service, 'SIGTERM')
    const third = await started()
    await expect.poll(async () => (await ask(third.url, 'GET', '/readyz'))[0]).toBe(200)
    await expect
      .poll(async () => (await ask(third.url, 'POST', '/openrtb2/example/bid', AUCTION))[0])
      .toBe(200)

    expect(await each((id) => ask(third.url, 'DELETE', `/v1/campaigns/${id}`))).toBe(COUNT)
    const left = async () =>
      JSON.parse((await ask(third.url, 'GET', '/v1/budgets?limit=1000'))[1]).budgets.length
    await expect.poll(left).toBeLessThan(50)
    await ended(third.service, 'SIGTERM')
    const last = await started()
    process.stdout.write(
      `10 000 campaigns, ${kind}: ${Math.round(putPerSecond)} puts/s, started in ${second.seconds.toFixed(1)} s after a kill and in ${third.seconds.toFixed(1)} s after a stop, after deleting them in ${last.seconds.toFixed(1)} s\n`,
    )
  },
)
