import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { playDemo } from '../src/demo/index.ts'
import { goOn, type Harness, startHarness } from './support/harness.ts'
import { folder, listening, start } from './support/service.ts'

/** Lets the players of a demo act, second by second. */
async function pass({ clock }: Harness, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1_000)
    await goOn()
  }
}

const idsOf = (list: { bidId: string }[]): string[] => list.map(({ bidId }) => bidId)

describe('a demo', () => {
  it('bids, wins, loses, reads, sells and operates as users would, and leaves nothing under way when it is closed', async () => {
    const harness = await startHarness({ SANDBOX_REPORT_MS: '1000' })
    const { get, service, clock } = harness
    // The busiest time of the demo's day.
    clock.stepWall(300_000)
    const demo = playDemo(service, service.agent)
    onTestFinished(demo.close)
    await pass(harness, 30)

    const placed = await get('/v1/bids?status=placed')
    expect(placed.body.bids.length).toBeGreaterThan(10)
    expect((await get('/v1/seats/example')).body).toMatchObject({
      bids: expect.any(Number),
      winRate: expect.any(Number),
      losses: expect.any(Number),
    })
    expect((await get('/v1/seats/example')).body.losses).toBeGreaterThan(0)
    expect((await get('/v1/budgets/platform:openrtb')).body.limits[0].spent).toBeGreaterThan(0)
    const { connectors } = (await get('/api/v1/connectors')).body
    expect(connectors.map(({ type }: { type: string }) => type).sort()).toEqual([
      'DV360',
      'GA4',
      'GOOGLE_ADS',
      'META',
    ])
    const { requests } = (await get('/api/v1/connectors/requests')).body
    expect(requests.length).toBeGreaterThan(0)
    expect((await get('/api/v1/conversions/deliveries')).body.deliveries.length).toBeGreaterThan(0)
    expect(JSON.stringify((await get('/v1/audit')).body)).toContain('budget of the day')

    demo.close()
    await goOn()
    const before = idsOf((await get('/v1/bids')).body.bids)
    await pass(harness, 10)
    expect(idsOf((await get('/v1/bids')).body.bids)).toEqual(before)
    expect(clock.elapsedMs()).toBe(40_000)
  })

  it('touches nothing that is real, whatever the environment names, and deletes its data', async () => {
    const temporary = folder()
    const real = {
      MOCK_MODE: 'false',
      META_ACCESS_TOKEN: 'real',
      REDIS_URL: 'redis://127.0.0.1:1',
      API_KEYS: 'broken',
      NOTIFY_URL: 'https://pager.example/',
    }
    const service = start({ PORT: '0', TMPDIR: temporary, ...real }, '--demo')
    await listening(service)
    expect(service.output()).toContain('mock mode')
    expect(readdirSync(temporary).filter((name) => name.startsWith('bidwarden-demo-'))).toHaveLength(1)
    service.child.kill('SIGTERM')
    expect(await once(service.child, 'close')).toEqual([0, null])
    expect(readdirSync(temporary)).toEqual([])
    expect(readdirSync(service.dataDir)).toEqual([])
  })
})
