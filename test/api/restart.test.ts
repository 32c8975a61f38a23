import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startRedis } from '../support/redis-server.ts'
import { ahead, BID, copyOf, type Started, startOn, TRIES, temporaryDirectory } from '../support/restarts.ts'
import { smallDisk } from '../support/small-disk.ts'

describe('decisions', () => {
  it('are found and listed after a kill, as soon as they were answered', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory)
    const explanation = { attributions: JSON.parse('['.repeat(31) + ']'.repeat(31)) }
    const placed = await first.bid({ explanation })
    const refused = await first.bid({ bidAmount: 200_000, campaignId: 'c2', platform: 'meta' })
    expect([placed.status, refused.status]).toEqual([200, 429])
    const shown = (await first.get(`/v1/bids/${placed.body.bidId}`)).body

    const again = await startOn(copyOf(directory))
    expect((await again.get(`/v1/bids/${placed.body.bidId}`)).body).toEqual(shown)
    expect(shown.callerExplanation).toEqual(explanation)
    expect((await again.get('/v1/bids')).body.bids).toMatchObject([
      { status: 'refused', code: 'budget_exceeded', campaignId: 'c2' },
      { status: 'placed', bidId: placed.body.bidId },
    ])
    expect((await again.get('/v1/bids/nosuchbid')).status).toBe(404)
  })

  it('are kept with the verification that came later', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory)
    first.sandbox.faults.add({ platform: 'tradedesk', fault: { is: 'reset_after' } })
    const { body } = await first.bid({ platform: 'tradedesk' })
    expect(body.code).toBe('outcome_unknown')
    const again = await startOn(copyOf(directory))
    expect((await again.get(`/v1/bids/${body.bidId}`)).body).toMatchObject({ status: 'outcome_unknown' })
  })
})

describe('what a killed process was granted', () => {
  const budgetOf = async (service: Started) => (await service.get('/v1/budgets/platform:google_ads')).body

  /** Five bids that were told to the ledger, and a sixth whose platform has not answered. */
  async function withOneUnderWay(directory: string) {
    const first = await startOn(directory)
    for (let i = 0; i < 5; i++) expect((await first.bid()).status).toBe(200)
    // Asked how it stands, the ledger is told everything.
    expect((await budgetOf(first)).limits).toMatchObject([{ spent: 50 }])
    first.sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'hold' } })
    const answer = first.bid({ bidAmount: 7 })
    await first.sandbox.faults.whenHeld(1)
    onTestFinished(async () => {
      first.sandbox.faults.release()
      await answer
    })
    return first
  }

  it('is free at once except for what was under way, however often it is killed', async () => {
    const directory = temporaryDirectory()
    await withOneUnderWay(directory)
    let left = copyOf(directory)
    for (let kills = 1; kills <= 4; kills++) {
      const again = await startOn(left)
      expect(await budgetOf(again)).toMatchObject({
        limits: [{ spent: 50 }],
        forfeited: { amount: 7 },
      })
      left = copyOf(left)
    }
  })

  it('stays forfeited where the records beside the ledger are not those of that process', async () => {
    const [directory, elsewhere] = [temporaryDirectory(), temporaryDirectory()]
    const first = await startOn(directory)
    await (await startOn(elsewhere)).stop()
    const countedIn = async (folder: string) => {
      const { limits, forfeited } = await budgetOf(await startOn(folder))
      return limits[0].spent + (forfeited?.amount ?? 0)
    }
    // Until the purse has more than it has spent: what is granted with a need is given back when nobody uses it.
    for (let spent = 8, isMore = false; !isMore && spent <= 160; spent += 8) {
      await Promise.all(Array.from({ length: 8 }, () => first.bid({ bidAmount: 1 })))
      const left = copyOf(directory)
      const foreign = copyOf(left)
      for (const name of ['records.db', 'records.use']) cpSync(join(elsewhere, name), join(foreign, name))
      rmSync(join(foreign, 'records.db-wal'))
      expect(await countedIn(left)).toBe(spent)
      const counted = await countedIn(foreign)
      expect(counted).toBeGreaterThanOrEqual(spent)
      isMore = counted > spent
      if (spent === 160) expect(isMore).toBe(true)
    }
  })
})

describe('campaigns', () => {
  const spec = {
    seat: 'example',
    advertiserDomain: 'shoes.example',
    limits: [{ kind: 'day', timezone: 'Europe/Berlin', max: 12.5 }],
    price: { cpmPerLtv: 0.02, minCpm: 0.5, maxCpm: 40 },
    creatives: [{ id: 'a', type: 'banner', sizes: [{ w: 301, h: 251 }], markup: '<b>shoes</b>' }],
  }
  const auction = { id: '1', imp: [{ id: '1', banner: { w: 301, h: 251 } }] }

  it('are bid for after a kill as they were stored, and those that were deleted are not', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory)
    await first.send('PUT', '/v1/campaigns/shoes', { ...spec, status: 'paused' })
    const stored = await first.send('PUT', '/v1/campaigns/shoes', spec)
    await first.send('PUT', '/v1/campaigns/boots', spec)
    expect((await first.send('DELETE', '/v1/campaigns/boots')).status).toBe(200)

    const again = await startOn(copyOf(directory))
    expect(await again.get('/v1/campaigns/shoes')).toEqual(stored)
    expect((await again.get('/v1/campaigns/boots')).status).toBe(404)
    expect((await again.send('POST', '/openrtb2/example/bid', auction)).status).toBe(200)
    expect((await again.get('/v1/budgets/campaign:openrtb:shoes')).body.limits).toMatchObject([{ max: 12.5 }])

    // Without its seat nobody bids for it, and the service starts all the same.
    const other = await startOn(copyOf(directory), { OPENRTB_SEATS: '[{"id":"other","holdSeconds":60}]' })
    expect((await other.get('/v1/campaigns/shoes')).status).toBe(404)
  })
})

describe('an Idempotency-Key', () => {
  it('gets the same answer after a kill, and the platform no second call', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory)
    const placed = await first.bid({}, 'order-1')
    expect(placed.status).toBe(200)

    const again = await startOn(copyOf(directory))
    expect(await again.bid({}, 'order-1')).toEqual(placed)
    expect(again.calls()).toBe(0)
    expect(await again.bid({ bidAmount: 11 }, 'order-1')).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    })
    expect((await again.bid({}, 'order-2')).status).toBe(200)
  })

  it('gets the same answers for a batch', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory)
    const batch = { bids: [BID, { ...BID, campaignId: 'c2' }, { ...BID, bidAmount: -1 }] }
    const post = ({ send }: Started) => send('POST', '/v1/bids/batch', batch, { 'idempotency-key': 'b' })
    const answers = await post(first)
    expect(answers.body.results.map((one: { httpStatus: number }) => one.httpStatus)).toEqual([200, 200, 400])

    const again = await startOn(copyOf(directory))
    expect(await post(again)).toEqual(answers)
    expect(again.calls()).toBe(0)
  })

  it('whose bid was under way at the kill answers outcome_unknown, and never bids again', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory)
    first.sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'hold' } })
    const answer = first.bid({}, 'order-1')
    await first.sandbox.faults.whenHeld(1)
    const again = await startOn(copyOf(directory))
    first.sandbox.faults.release()
    expect((await answer).status).toBe(200)

    const { bids } = (await again.get('/v1/bids')).body
    expect(bids).toMatchObject([{ status: 'outcome_unknown', code: 'outcome_unknown' }])
    for (let i = 0; i < 2; i++) {
      expect(await again.bid({}, 'order-1')).toMatchObject({
        status: 504,
        body: { code: 'outcome_unknown', bidId: bids[0].bidId },
      })
    }
    expect(again.calls()).toBe(0)
    // The purse of the killed process is forfeited, and with it the bid's money.
    const { limits, forfeited } = (await again.get('/v1/budgets/platform:google_ads')).body
    expect(limits[0].spent + forfeited.amount).toBeGreaterThanOrEqual(10)
    // A second restart asks no more.
    const third = await startOn(copyOf(directory))
    expect((await third.bid({}, 'order-1')).body).toMatchObject({ status: 'placed' })
  })

  it('may be tried again after a restart when its bid was refused before any call', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory, { GOOGLE_ADS_BUDGET: '5' })
    expect((await first.bid({}, 'order-1')).status).toBe(429)
    const again = await startOn(copyOf(directory))
    expect((await again.bid({}, 'order-1')).status).toBe(200)
  })

  it('is forgotten a day after the kill', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory)
    await first.bid({}, 'order-1')
    const copy = copyOf(directory)
    // Less what a machine may need until then.
    const again = await startOn(copy, {}, ahead(24 * 3_600_000 - 600_000))
    await again.bid({}, 'order-1')
    expect(again.calls()).toBe(0)
    const later = await startOn(copyOf(copy), {}, ahead(24 * 3_600_000))
    expect((await later.bid({}, 'order-1')).status).toBe(200)
    expect(later.calls()).toBeGreaterThan(0)
  })
})

describe('a deferred bid', () => {
  /** A service whose only bid is deferred, since the platform just failed. */
  async function deferring(directory: string) {
    const started = await startOn(directory)
    started.sandbox.faults.add({
      platform: 'google_ads',
      times: 'always',
      fault: { is: 'http', status: 503 },
    })
    await started.bid({ campaignId: 'broken' })
    const deferred = await started.bid({ campaignId: 'waits' })
    expect(deferred).toMatchObject({ status: 202, body: { status: 'deferred' } })
    return { ...started, bidId: deferred.body.bidId }
  }

  it('is placed after a restart, once', async () => {
    const directory = temporaryDirectory()
    const { bidId } = await deferring(directory)
    const copy = copyOf(directory)
    const again = await startOn(copy)
    await expect.poll(async () => (await again.get(`/v1/bids/${bidId}`)).body.status, TRIES).toBe('placed')
    const { history } = (await again.get(`/v1/bids/${bidId}`)).body
    expect(history.map((one: { status: string }) => one.status)).toEqual(['deferred', 'placed'])
    await again.stop()

    const third = await startOn(copy)
    expect((await third.get(`/v1/bids/${bidId}`)).body.status).toBe('placed')
    expect((await third.get('/v1/platforms')).body.platforms[0].deferred).toBe(0)
  })

  it('expires by the wall clock', async () => {
    const directory = temporaryDirectory()
    const { bidId } = await deferring(directory)
    const again = await startOn(copyOf(directory), {}, ahead(61_000))
    await expect.poll(async () => (await again.get(`/v1/bids/${bidId}`)).body.status, TRIES).toBe('expired')
    expect(again.calls()).toBe(0)
  })

  it('that was being placed at the kill is of unknown outcome, and not sent again', async () => {
    const directory = temporaryDirectory()
    const { sandbox, bidId } = await deferring(directory)
    sandbox.faults.clear()
    sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'hold' } })
    await sandbox.faults.whenHeld(1)
    const again = await startOn(copyOf(directory))
    sandbox.faults.release()
    expect((await again.get(`/v1/bids/${bidId}`)).body).toMatchObject({ status: 'outcome_unknown' })
    expect((await again.get('/v1/platforms')).body.platforms[0].deferred).toBe(0)
    expect(again.calls()).toBe(0)
  })
})

describe('notices', () => {
  const REQUEST = { id: '1', tmax: 60_000, imp: [{ id: '1', banner: { w: 300, h: 250 } }] }

  async function auction({ send }: Started): Promise<{ burl: string; nurl: string }> {
    let answer = await send('POST', '/openrtb2/example/bid', REQUEST)
    await expect
      .poll(async () => {
        if (answer.status !== 200) answer = await send('POST', '/openrtb2/example/bid', REQUEST)
        return answer.status
      }, TRIES)
      .toBe(200)
    const { burl, nurl } = answer.body.seatbid[0].bid[0]
    return { burl: new URL(burl).pathname, nurl: new URL(nurl).pathname }
  }
  const results = async ({ get }: Started) => {
    const text: string = (await get('/metrics')).body
    return [...text.matchAll(/notices_total\{.*kind="(\w+)",result="(\w+)"\} (\d+)/g)].map(
      ([, kind, result, count]) => `${count} ${kind} ${result}`,
    )
  }

  it('that were answered are not counted twice after a kill', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory)
    const [billed, won, fresh] = [await auction(first), await auction(first), await auction(first)]
    expect((await first.get(`${billed.burl}?price=4`)).status).toBe(200)
    expect((await first.get(`${won.nurl}?price=4`)).status).toBe(200)
    const copy = copyOf(directory)
    expect((await first.get(`${fresh.burl}?price=4`)).status).toBe(200)

    const again = await startOn(copy)
    expect((await again.get(`${billed.burl}?price=4`)).status).toBe(200)
    expect((await again.get(`${won.nurl}?price=4`)).status).toBe(200)
    expect((await again.get(`${fresh.burl}?price=4`)).status).toBe(200)
    expect(await results(again)).toEqual(['1 billing duplicate', '1 win duplicate', '1 billing settled_late'])
  })

  it('that bill next to nothing before the exchange bills keep out neither its bill nor its money, after a kill', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory)
    const { burl } = await auction(first)
    expect((await first.get(`${burl}?price=0.001`)).status).toBe(200)

    const again = await startOn(copyOf(directory))
    for (const price of [4, 4, 3]) expect((await again.get(`${burl}?price=${price}`)).status).toBe(200)
    expect(await results(again)).toEqual([
      '1 billing raised',
      '1 billing duplicate',
      '1 billing duplicate_other_price',
    ])
    const { overdraft, limits } = (await again.get('/v1/budgets/platform:openrtb')).body
    expect(overdraft).toBe(0)
    // The first micro may be among what the killed process has left behind, where it counts as well.
    expect(limits[0].spent).toBeCloseTo(0.004, 5)
  })
})

describe('a disk that is full', () => {
  it('refuses bids before anything is placed, lets risk be lowered, forgets nothing, and recovers by itself', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.close())
    const { directory, fill, makeSpace } = smallDisk(6_000_000)
    const { bid, get, send, calls } = await startOn(directory, {
      REDIS_URL: redis.url,
      GOOGLE_ADS_RATE_LIMIT: '1000000/60',
    })
    await send('POST', '/v1/store/trust', {})
    await expect.poll(async () => (await bid({}, 'first')).status, TRIES).toBe(200)
    const explanation = 'x'.repeat(2_000)
    makeSpace()
    await fill(200_000)
    const answered: { bidId: string; key: string; body: unknown }[] = []
    let refused: Awaited<ReturnType<typeof bid>> | undefined
    let before = 0
    for (let i = 0; refused === undefined; i++) {
      before = calls()
      const answer = await bid({ explanation }, `key-${i}`)
      if (answer.status === 200)
        answered.push({ bidId: answer.body.bidId, key: `key-${i}`, body: answer.body })
      else refused = answer
    }
    expect(refused).toMatchObject({ status: 503, body: { code: 'records_unavailable', retryAfterMs: 1_000 } })
    expect(await bid()).toMatchObject({ status: 503, body: { code: 'records_unavailable' } })
    expect(calls()).toBe(before)
    expect(await get('/readyz')).toEqual({ status: 503, body: 'records_unavailable: the disk is full' })
    expect((await get('/metrics')).body).toContain('bidwarden_records_writable 0')
    expect((await send('POST', '/v1/kill-switch', { engaged: true, reason: 'fire' })).status).toBe(200)
    // Redis keeps campaigns.
    expect((await send('DELETE', '/v1/campaigns/example-300x250')).status).toBe(200)
    expect((await send('POST', '/v1/budgets/platform:meta/pause', { reason: 'x' })).status).toBe(200)
    // What was answered is answered still.
    const last = answered.at(-1)
    expect((await bid({ explanation }, last?.key)).body).toEqual(last?.body)
    const copy = copyOf(directory)

    makeSpace()
    await expect.poll(async () => (await get('/readyz')).status, TRIES).toBe(200)
    await send('POST', '/v1/kill-switch', { engaged: false })
    await expect.poll(async () => (await bid()).status, TRIES).toBe(200)

    const again = await startOn(copy, { REDIS_URL: redis.url })
    for (const { bidId } of answered)
      expect((await again.get(`/v1/bids/${bidId}`)).body).toMatchObject({ status: 'placed' })
  })

  it('ends a campaign all the same, and says that a restart may not know it', async () => {
    const { directory, fill, makeSpace } = smallDisk(6_000_000)
    const { bid, get, send } = await startOn(directory)
    makeSpace()
    await fill(0)
    await expect
      .poll(async () => (await bid({ explanation: 'x'.repeat(2_000) })).body, TRIES)
      .toMatchObject({ code: 'records_unavailable' })
    const deleted = await send('DELETE', '/v1/campaigns/example-300x250')
    expect(deleted).toMatchObject({ status: 503, body: { code: 'records_unavailable' } })
    expect((await get('/v1/campaigns/example-300x250')).status).toBe(404)
    makeSpace()
  })

  it('answers outcome_unknown for a bid that was sent and whose ending cannot be written, now and after a kill', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.close())
    const { directory, fill, makeSpace } = smallDisk(6_000_000)
    const environment = { REDIS_URL: redis.url }
    const { bid, get, send, sandbox } = await startOn(directory, environment)
    await send('POST', '/v1/store/trust', {})
    await expect.poll(async () => (await bid()).status, TRIES).toBe(200)
    sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'hold' } })
    const answer = bid({ explanation: 'x'.repeat(2_000) }, 'order-1')
    await sandbox.faults.whenHeld(1)
    makeSpace()
    await fill(0)
    sandbox.faults.release()

    const unknown = await answer
    expect(unknown).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
    const { bidId } = unknown.body
    expect((await get(`/v1/bids/${bidId}`)).body.status).toBe('placed')
    const copy = copyOf(directory)
    makeSpace()
    await expect.poll(async () => (await get('/readyz')).status, TRIES).toBe(200)
    expect(await bid({ explanation: 'x'.repeat(2_000) }, 'order-1')).toEqual(unknown)

    const killed = await startOn(copy, environment)
    expect((await killed.get(`/v1/bids/${bidId}`)).body.status).toBe('outcome_unknown')
    expect(await killed.bid({ explanation: 'x'.repeat(2_000) }, 'order-1')).toMatchObject({
      status: 504,
      body: { code: 'outcome_unknown', bidId },
    })
    const later = await startOn(copyOf(directory), environment)
    expect((await later.get(`/v1/bids/${bidId}`)).body.status).toBe('placed')
  })
})
