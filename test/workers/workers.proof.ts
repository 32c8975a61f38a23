import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { childrenOf, processes } from '../support/children.ts'
import { freePort } from '../support/free-port.ts'
import { folder, listening, type Started, start } from '../support/service.ts'
import { ask, auction, type Bid, bill, ownerOf } from './exchange.ts'

const CAMPAIGN = {
  seat: 'example',
  advertiserDomain: 'shoes.example',
  limits: [{ kind: 'lifetime', max: 1 }],
  // 10 per thousand: 0.01 a bid, so that the budget is worth a hundred of them.
  price: { cpmPerLtv: 1, minCpm: 10, maxCpm: 10 },
  creatives: [{ id: 'a', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<b>shoes</b>' }],
}
const PREDICTION = { rows: [{ userId: 'somebody', idType: 'user', predictedLtv: 100 }] }

/** How long anything may take that happens by itself, on a machine that is busy. */
const PATIENCE_MS = 120_000

const json = async (url: string) => JSON.parse((await ask(url)).text)

const workersOf = ({ child }: Started) => childrenOf(child.pid)

async function until(holds: () => unknown): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('it has not come to this')
    await pause(50)
  }
}

/** Bids of every worker. */
async function bidsOfBoth(url: string): Promise<Bid[]> {
  const bids: Bid[] = []
  await until(async () => {
    const bid = await auction(url)
    if (bid) bids.push(bid)
    return new Set(bids.map(ownerOf)).size === 2
  })
  return bids
}

describe('workers', () => {
  it('answer as one service, and what one of them leaves is booked once', async () => {
    const data = folder()
    const environment = {
      PORT: '0',
      STORE: 'sqlite',
      DATA_DIR: data,
      LOG_LEVEL: 'error',
      OPENRTB_SHED_ABOVE_MS: '10000',
    }
    const service = start(environment, '--workers', '2')
    const url = await listening(service)

    // Everything but auctions and notices is the primary's to answer.
    expect(await ask(`${url}/readyz`)).toEqual({ status: 200, text: 'ok' })
    expect((await ask(`${url}/v1/nothing`)).status).toBe(404)
    const placed = await ask(`${url}/v1/bids`, 'POST', {
      ...{ customerId: 'C1', campaignId: 'c1', platform: 'google_ads' },
      ...{ predictedLtv: 1200, bidAmount: 150 },
    })
    expect(JSON.parse(placed.text)).toMatchObject({ status: 'placed', budget: { spent: 150 } })
    expect((await ask(`${url}/v1/ltv`, 'PUT', PREDICTION)).status).toBe(200)
    for (const { id } of (await json(`${url}/v1/campaigns`)).campaigns)
      expect((await ask(`${url}/v1/campaigns/${id}`, 'DELETE')).status).toBe(200)
    // Every worker has heard of it when it is answered.
    for (let i = 0; i < 6; i++) expect(await auction(url)).toBeUndefined()

    // A hundred bids' worth, and two purses: all but the last are placed, and not one more.
    expect((await ask(`${url}/v1/campaigns/shoes`, 'PUT', CAMPAIGN)).status).toBe(200)
    const bids: Bid[] = []
    let refused = 0
    // What is refused before that waits for money that is on its way.
    while (bids.length < 99 || refused < 20) {
      const bid = await auction(url)
      if (bid) bids.push(bid)
      else if (bids.length >= 99) refused += 1
    }
    expect(bids.length).toBeGreaterThanOrEqual(99)
    expect(bids.length).toBeLessThanOrEqual(100)
    expect(new Set(bids.map(ownerOf)).size).toBe(2)
    // The user's prediction decided it.
    expect((await json(`${url}/v1/seats/example`)).held).toBeCloseTo(bids.length * 0.01)

    // A bill comes to whichever worker has the connection, twice.
    const billed = bids.slice(0, 20)
    for (const bid of billed) expect([await bill(url, bid), await bill(url, bid)]).toEqual([200, 200])
    expect(await json(`${url}/v1/seats/example`)).toMatchObject({ bids: bids.length, overdraft: 0 })
    const shoes = `${url}/v1/budgets/campaign:openrtb:shoes`
    await until(async () => Math.abs((await json(shoes)).limits[0].spent - 0.2) < 1e-9)

    // One is killed: its holds are forfeited, another takes its place.
    const [victim = 0] = workersOf(service)
    process.kill(victim, 'SIGKILL')
    await until(() => workersOf(service).length === 2 && !workersOf(service).includes(victim))
    await until(async () => (await json(shoes)).forfeited !== undefined)
    const { forfeited } = await json(shoes)
    // Bills for its bids are booked against that, by whoever gets them, once.
    const open = bids.slice(20)
    for (const bid of open) expect([await bill(url, bid), await bill(url, bid)]).toEqual([200, 200])
    await until(async () => Math.abs((await json(shoes)).limits[0].spent - bids.length * 0.01) < 1e-9)
    expect(forfeited.amount).toBeGreaterThan(0)
    const billedAll = await json(shoes)
    expect(billedAll.overdraft).toBe(0)
    // What it may have bid without anybody hearing of it, which no bill came for.
    const unheard = billedAll.forfeited?.amount ?? 0
    const metrics = (await ask(`${url}/metrics`)).text
    expect(metrics).toContain('bidwarden_worker_restarts_total 1')
    expect(metrics).toMatch(/bidwarden_worker_resident_memory_bytes\{worker="1"\} \d/)
    expect(metrics).toMatch(
      new RegExp(`bidwarden_openrtb_requests_total\\{seat="example",result="bid"\\} ${bids.length}\\n`),
    )
    expect(metrics).toContain(
      `bidwarden_openrtb_answer_duration_seconds_count{outcome="bid"} ${bids.length}\n`,
    )

    // The new one knows campaigns and predictions.
    const other = { ...CAMPAIGN, limits: [{ kind: 'lifetime', max: 50 }] }
    expect((await ask(`${url}/v1/campaigns/shoes`, 'PUT', other)).status).toBe(200)
    const more = await bidsOfBoth(url)
    // What workers hold is shown as held, by budget and by seat.
    const [{ holds }, seat] = [
      await json(`${url}/v1/budgets/platform:openrtb`),
      await json(`${url}/v1/seats/example`),
    ]
    expect(holds.held).toBeGreaterThanOrEqual(more.length * 0.01 - 1e-9)
    expect(holds.prices).toBeCloseTo(seat.held)

    // The kill switch reaches all of them within a second.
    await ask(`${url}/v1/kill-switch`, 'POST', { engaged: true, reason: 'fire' })
    await until(async () => {
      const answers: (Bid | undefined)[] = []
      for (let i = 0; i < 6; i++) answers.push(await auction(url))
      more.push(...answers.filter((bid) => bid !== undefined))
      return answers.every((bid) => bid === undefined)
    })
    await ask(`${url}/v1/kill-switch`, 'POST', { engaged: false })
    more.push(...(await bidsOfBoth(url)))

    // A stop gives back what is not held, and leaves nobody behind.
    const workers = workersOf(service)
    service.child.kill('SIGTERM')
    const [code] = await once(service.child, 'exit')
    expect([code, service.output()]).toEqual([0, expect.not.stringContaining('"level":60')])
    expect(workers.filter((pid) => processes().includes(String(pid)))).toEqual([])
    const again = await listening(start(environment))
    const left = await json(`${again}/v1/budgets/campaign:openrtb:shoes`)
    expect(left.forfeited.amount).toBeCloseTo(unheard + more.length * 0.01)
    // A bid of a worker of before is billed now.
    const [first] = more
    if (first) expect([await bill(again, first), await bill(again, first)]).toEqual([200, 200])
    await until(async () => {
      const { limits } = await json(`${again}/v1/budgets/campaign:openrtb:shoes`)
      return Math.abs(limits[0].spent - (bids.length + 1) * 0.01) < 1e-9
    })
  })

  it('end with their primary, are replaced when they hang, and pass on streams and large bodies', async () => {
    const service = start({ PORT: String(await freePort()), WORKERS: '2', STORE: 'memory' })
    const url = await listening(service)
    const [hanging = 0] = workersOf(service)
    process.kill(hanging, 'SIGSTOP')
    // One connection is in its hands, and lost; it gets no more.
    for (let i = 0; i < 2; i++) await Promise.race([ask(`${url}/livez`).catch(() => undefined), pause(1_000)])
    const { body } = await fetch(`${url}/api/v1/events`)
    const stream = body?.getReader()
    expect(new TextDecoder().decode((await stream?.read())?.value)).toMatch(/^(:|event|retry|id|data)/)
    const rows = Array.from({ length: 10_000 }, (_, i) => ({
      ...{ userId: `user-${i}`, idType: 'user' },
      predictedLtv: 100,
    }))
    expect(JSON.parse((await ask(`${url}/v1/ltv`, 'PUT', { rows })).text)).toEqual({
      stored: 10_000,
      rows: 10_000,
    })

    // Its port is taken for another one, which says so and leaves nobody behind.
    const second = start({ PORT: new URL(url).port, WORKERS: '2', STORE: 'memory' })
    const [code] = await once(second.child, 'close')
    expect([code, second.output()]).toEqual([1, expect.stringContaining('EADDRINUSE')])

    await until(() => workersOf(service).length === 2 && !workersOf(service).includes(hanging))
    const workers = workersOf(service)
    service.child.kill('SIGKILL')
    await until(() => workers.every((pid) => !processes().includes(String(pid))))
    await expect(stream?.read()).rejects.toThrow()
  })

  it('are a number of processes', async () => {
    const refused = [['--workers'], ['--workers', '-1'], ['--workers=many']].map(async (args) => {
      const service = start({ PORT: '0' }, ...args)
      const [code] = await once(service.child, 'close')
      expect([1, 2]).toContain(code)
      expect(service.output()).toMatch(/workers/i)
    })
    await Promise.all(refused)
  })
})
