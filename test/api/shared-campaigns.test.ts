import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startRedis } from '../support/redis-server.ts'
import { startOn, TRIES, temporaryDirectory } from '../support/restarts.ts'
import { startProxy } from '../support/tcp-proxy.ts'

const CAMPAIGN = {
  seat: 'example',
  advertiserDomain: 'advertiser.example',
  categories: ['IAB22'],
  price: { cpmPerLtv: 0.05, minCpm: 5, maxCpm: 50 },
  limits: [{ kind: 'sliding', windowSeconds: 600, max: 20 }],
  creatives: [
    { id: 'a', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<a href="https://a.example/">a</a>' },
  ],
}

async function redis() {
  const server = await startRedis()
  onTestFinished(() => server.close())
  return server
}

const process = async (
  REDIS_URL: string,
  directory = temporaryDirectory(),
  more: Record<string, string> = {},
) => startOn(directory, { REDIS_URL, NOTICE_SECRET: 'shared by all processes, 32 chars', ...more })

type Process = Awaited<ReturnType<typeof process>>

async function put({ send }: Process, id: string, more: object = {}): Promise<void> {
  const { status, body } = await send('PUT', `/v1/campaigns/${id}`, { ...CAMPAIGN, ...more })
  expect(status, JSON.stringify(body)).toBe(200)
}

/** What a process answers for a campaign, awaited until it is this. */
const expectKnown = ({ send }: Process, id: string, want: object) =>
  expect.poll(async () => await send('GET', `/v1/campaigns/${id}`), TRIES).toMatchObject(want)

const GONE = { status: 404 }
const stored = (more: object = {}) => ({ status: 200, body: { id: expect.any(String), ...more } })

describe('campaigns that several processes share', () => {
  it('are bid on, changed and deleted by each of them wherever they were stored, also by one that starts later', async () => {
    const { url } = await redis()
    const one = await process(url)
    const other = await process(url)
    await put(one, 'spring')
    await expectKnown(other, 'spring', stored({ price: { maxCpm: 50 } }))
    await put(other, 'spring', { price: { ...CAMPAIGN.price, maxCpm: 30 } })
    await expectKnown(one, 'spring', stored({ price: { maxCpm: 30 } }))
    const late = await process(url)
    expect(await late.send('GET', '/v1/campaigns/spring')).toMatchObject(stored({ price: { maxCpm: 30 } }))
    expect((await late.send('DELETE', '/v1/campaigns/spring')).status).toBe(200)
    for (const each of [one, other]) await expectKnown(each, 'spring', GONE)
  })

  it('keep the limits that were set last, whichever process hears of them last', async () => {
    const { url } = await redis()
    const one = await process(url)
    const other = await process(url)
    await put(one, 'spring')
    await expectKnown(other, 'spring', stored())
    await put(other, 'spring', { limits: [{ kind: 'sliding', windowSeconds: 600, max: 3 }] })
    await expectKnown(one, 'spring', stored({ limits: [{ max: 3 }] }))
    for (const { send } of [one, other])
      await expect
        .poll(async () => (await send('GET', '/v1/budgets/campaign:openrtb:spring')).body, TRIES)
        .toMatchObject({ limits: [{ max: 3 }] })
  })

  it('come back to a Redis that was emptied, from the processes that know them', async () => {
    const server = await redis()
    const one = await process(server.url)
    const other = await process(server.url)
    await put(one, 'spring')
    await put(other, 'summer')
    await expectKnown(one, 'summer', stored())
    await expectKnown(other, 'spring', stored())
    const client = new Redis(server.url)
    onTestFinished(() => client.disconnect())
    await client.flushall()
    await expect
      .poll(() => client.hkeys('bidwarden:{campaigns}'), TRIES)
      .toEqual(expect.arrayContaining(['spring', 'summer']))
    await one.send('DELETE', '/v1/campaigns/summer')
    await expectKnown(other, 'summer', GONE)
    expect(await client.hget('bidwarden:{campaigns}', 'spring')).not.toBeNull()
  })

  it('are changed here at once while Redis is away, which is said, and everywhere once it is back', async () => {
    const { url } = await redis()
    const proxy = await startProxy(Number(new URL(url).port))
    onTestFinished(() => proxy.close())
    const one = await process(`redis://127.0.0.1:${proxy.port}`)
    const other = await process(url)
    await put(one, 'spring')
    await expectKnown(other, 'spring', stored())
    proxy.cut('all')
    expect(await one.send('DELETE', '/v1/campaigns/spring')).toMatchObject({
      status: 503,
      body: { code: 'records_unavailable' },
    })
    expect((await one.send('GET', '/v1/campaigns/spring')).status).toBe(404)
    proxy.heal()
    await expectKnown(other, 'spring', GONE)
  })

  it('begin with what each process had recorded by itself, once: what was deleted since does not come back', async () => {
    const directories = [temporaryDirectory(), temporaryDirectory()]
    for (const [at, id] of ['spring', 'summer'].entries()) {
      const alone = await startOn(directories[at] ?? '', {})
      await put(alone, id)
      await alone.stop()
    }
    const { url } = await redis()
    const one = await process(url, directories[0])
    const other = await process(url, directories[1])
    await expectKnown(one, 'summer', stored())
    await one.send('DELETE', '/v1/campaigns/spring')
    await expectKnown(other, 'spring', GONE)
    await one.stop()
    await other.stop()
    const client = new Redis(url)
    onTestFinished(() => client.disconnect())
    await client.flushall()
    const again = await process(url, directories[0])
    expect((await again.send('GET', '/v1/campaigns/spring')).status).toBe(404)
  })

  it('are not deleted from a Redis that was emptied by a process that has no such seat', async () => {
    const { url } = await redis()
    const proxy = await startProxy(Number(new URL(url).port))
    onTestFinished(() => proxy.close())
    const OPENRTB_SEATS = JSON.stringify([{ id: 'example' }, { id: 'x' }])
    const behind = `redis://127.0.0.1:${proxy.port}`
    const one = await process(behind, temporaryDirectory(), { OPENRTB_SEATS })
    const other = await process(url)
    await put(one, 'spring', { seat: 'x' })
    await put(one, 'summer')
    await expectKnown(other, 'summer', stored())
    proxy.cut('all')
    const client = new Redis(url)
    onTestFinished(() => client.disconnect())
    await client.flushall()
    const inRedis = () => client.hkeys('bidwarden:{campaigns}')
    await expect.poll(inRedis, TRIES).toContain('summer')
    proxy.heal()
    await expect.poll(inRedis, TRIES).toContain('spring')
    expect((await one.send('GET', '/v1/campaigns/spring')).status).toBe(200)
  })
})
