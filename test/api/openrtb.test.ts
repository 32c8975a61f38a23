import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type Harness, startHarness, stopped } from '../support/harness.ts'
import { temporaryDirectory } from '../support/restarts.ts'

const banner = (more: object = {}) => ({
  id: 'req-1',
  imp: [{ id: 'imp-1', banner: { w: 300, h: 250 } }],
  site: { domain: 'news.example.org' },
  ...more,
})

async function auction({ send }: Harness, request: object = banner(), headers: Record<string, string> = {}) {
  return send('POST', '/openrtb2/example/bid', request, headers)
}

/** The path of a notice address, with its macros replaced as an exchange does. */
function expand(address: string, macros: Record<string, string> = {}): string {
  const { pathname, search } = new URL(address)
  return decodeURIComponent(pathname + search).replaceAll(
    /\$\{AUCTION_(\w+)\}/g,
    (_, name: string) => macros[name] ?? '',
  )
}

/** From `/metrics`, how many answers were timed, by outcome. */
const timedIn = (metrics: string) =>
  Object.fromEntries(
    [...metrics.matchAll(/bidwarden_openrtb_answer_duration_seconds_count\{outcome="(\w+)"\} (\d+)/g)].map(
      ([, outcome, count]) => [outcome, Number(count)],
    ),
  )

const scope = ({ service }: Harness) => service.agent.budget.scope('platform:openrtb')

describe('POST /openrtb2/{seat}/bid', () => {
  it('answers a bid whose money is held, and settles it at the clearing price', async () => {
    const harness = await startHarness()
    const { status, body, headers } = await auction(harness)
    expect(status).toBe(200)
    expect(headers.get('x-openrtb-version')).toBe('2.5')
    const [bid] = body.seatbid[0].bid
    expect(body).toMatchObject({ id: 'req-1', cur: 'USD', seatbid: [{ seat: 'example' }] })
    expect(bid).toMatchObject({
      impid: 'imp-1',
      price: 5,
      crid: '300x250',
      adomain: ['advertiser.example'],
      w: 300,
      h: 250,
    })
    expect(bid.ext.bidwarden).toMatchObject({ source: 'fallback' })
    // One impression at $5 per thousand.
    expect(scope(harness)).toMatchObject({ held: 5_000, spent: 0 })

    expect((await harness.get(expand(bid.nurl, { PRICE: '3.2' }))).status).toBe(200)
    expect(scope(harness)).toMatchObject({ held: 5_000, spent: 0 })
    const billing = expand(bid.burl, { PRICE: '3.2', CURRENCY: 'USD' })
    for (let again = 0; again < 3; again++) expect((await harness.get(billing)).status).toBe(200)
    expect(scope(harness)).toMatchObject({ held: 1_800, spent: 3_200 })
    expect(harness.service.agent.budget.scope('campaign:openrtb:example-300x250')).toMatchObject({
      spent: 3_200,
    })
  })

  it('compares floors, bids and bills in other currencies by what a unit of each is worth in ours', async () => {
    const harness = await startHarness({ OPENRTB_RATES: '{"EUR":1.25}' })
    const floor = (bidfloor: number) =>
      banner({ imp: [{ id: '1', banner: { w: 300, h: 250 }, bidfloor, bidfloorcur: 'EUR' }] })
    expect((await auction(harness, floor(4.1))).status).toBe(204)
    expect((await auction(harness, floor(3.9))).body).toMatchObject({
      cur: 'USD',
      seatbid: [{ bid: [{ price: 5 }] }],
    })
    const [bid] = (await auction(harness, banner({ cur: ['EUR'] }))).body.seatbid[0].bid
    expect(bid.price).toBe(4)
    expect(scope(harness)).toMatchObject({ held: 10_000 })
    await harness.get(expand(bid.burl, { PRICE: '2', CURRENCY: 'EUR' }))
    expect(scope(harness)).toMatchObject({ held: 7_500, spent: 2_500 })
    const [other] = (await auction(harness)).body.seatbid[0].bid
    await harness.get(expand(other.burl, { PRICE: '2', CURRENCY: 'EUR' }))
    expect(scope(harness)).toMatchObject({ held: 10_000, spent: 5_000 })
  })

  it('bills once, at the highest price that is said, and counts repetitions by what they say', async () => {
    const harness = await startHarness()
    const [bid] = (await auction(harness)).body.seatbid[0].bid
    for (const price of ['3', '3', '2', '4'])
      expect((await harness.get(expand(bid.burl, { PRICE: price }))).status).toBe(200)
    expect(scope(harness)).toMatchObject({ held: 1_000, spent: 4_000 })
    const { body } = await harness.get('/metrics')
    const notices = 'bidwarden_openrtb_notices_total{seat="example",kind="billing",result='
    expect(body).toContain(`${notices}"duplicate"} 1`)
    expect(body).toContain(`${notices}"duplicate_other_price"} 1`)
    expect(body).toContain(`${notices}"raised"} 1`)
    expect(body).toContain('bidwarden_openrtb_notice_delay_seconds_count{seat="example",kind="billing"} 1')
  })

  it('frees the money on a loss, and books a bill that comes all the same', async () => {
    const harness = await startHarness()
    const [bid] = (await auction(harness)).body.seatbid[0].bid
    expect((await harness.send('POST', expand(bid.lurl, { LOSS: '102' }))).status).toBe(200)
    expect(scope(harness)).toMatchObject({ held: 0, spent: 0 })
    expect((await harness.send('POST', expand(bid.burl, { PRICE: '4' }))).status).toBe(200)
    expect(scope(harness)).toMatchObject({ held: 0, spent: 4_000 })
  })

  it('frees what nobody reported when the hold time is over', async () => {
    const harness = await startHarness()
    await auction(harness)
    harness.clock.advance(300_250)
    expect(scope(harness)).toMatchObject({ held: 0, spent: 0 })
  })

  it('reserves less than all prices where holds are bounded, once it knows how its bids end', async () => {
    const harness = await startHarness()
    const path = '/v1/budgets/platform:openrtb'
    const holds = async () => (await harness.get(path)).body.holds
    const ask = async (count: number) => {
      const answers = []
      for (let i = 0; i < count; i++) answers.push((await auction(harness)).body.seatbid[0].bid[0])
      return answers
    }
    expect((await harness.get(path)).body).toMatchObject({
      holdMode: { is: 'bounded', maxOverspendProbability: 1e-6 },
      holds: { mode: 'strict', why: 'money_to_spare' },
    })
    await harness.send('PUT', path, {
      limits: [{ kind: 'sliding', windowSeconds: 600, max: 0.3 * 64 }],
      holdMode: { is: 'bounded', maxOverspendProbability: 0.01 },
    })
    // These are too few to be worth weighing.
    await ask(50)
    expect(await holds()).toEqual({
      mode: 'strict',
      why: 'money_to_spare',
      held: 0.25,
      prices: 0.25,
      worstCase: 3,
      allowance: 0,
    })
    harness.clock.advance(390_000)
    await harness.send('PUT', path, {
      limits: [{ kind: 'sliding', windowSeconds: 600, max: 5 }],
      holdMode: { is: 'bounded', maxOverspendProbability: 0.01 },
    })
    const [won] = await ask(300)
    expect(await holds()).toEqual({
      mode: 'strict',
      why: 'few_outcomes',
      held: 1.5,
      prices: 1.5,
      worstCase: 3,
      allowance: 1.25,
    })
    await harness.get(expand(won.burl, { PRICE: '5' }))
    harness.clock.advance(390_000)
    expect(await holds()).toEqual({ mode: 'bounded', held: 0, prices: 0, worstCase: 3, allowance: 1.25 })
    const open = await ask(300)
    const { held, prices } = await holds()
    expect(prices).toBe(1.5)
    expect(held).toBeLessThan(0.7)
    expect(held).toBeGreaterThan(0.005)
    // More of them are won than ever before: everything is reserved again.
    for (const { burl } of open.slice(0, 200)) await harness.get(expand(burl, { PRICE: '5' }))
    expect(await holds()).toEqual({
      mode: 'strict',
      why: 'win_rate_drifts',
      held: 0.5,
      prices: 0.5,
      worstCase: 3,
      allowance: 1.25,
    })
    expect((await harness.get(path)).body).toMatchObject({
      overdraft: 0,
      limits: [{ spent: 1.005, held: 0.5 }],
    })
  })

  it('knows after a restart how its bids end, unless what was kept of it is of another version or of the future', async () => {
    const directory = temporaryDirectory()
    const environment = { STORE: 'sqlite', DATA_DIR: directory, OPENRTB_BUDGET: '5' }
    const path = '/v1/budgets/platform:openrtb'
    const ask = async (harness: Harness, count: number) => {
      for (let i = 0; i < count; i++) await auction(harness)
    }
    const first = await startHarness(environment)
    await ask(first, 350)
    first.clock.advance(390_000)
    expect((await first.get(path)).body.holds).toMatchObject({ mode: 'bounded' })
    await stopped(first.service, first.clock)

    /** What a start holds for three hundred bids, once the first of them are a slot old. */
    const afterwards = async (change: (text: string) => string) => {
      const records = new DatabaseSync(join(directory, 'records.db'))
      const kept = records.prepare("SELECT text FROM facts WHERE id = 'outcomes'").get()
      const put = records.prepare("UPDATE facts SET text = ?, sum = NULL WHERE id = 'outcomes'")
      put.run(change(`${kept?.['text']}`))
      records.close()
      const harness = await startHarness(environment)
      await ask(harness, 30)
      harness.clock.advance(3_000)
      await ask(harness, 300)
      const { holds } = (await harness.get(path)).body
      const isAnew = harness.logged.some(({ msg }) => `${msg}`.startsWith('how bids end is learned anew'))
      await stopped(harness.service, harness.clock)
      return { ...holds, isAnew }
    }
    const strict = { mode: 'strict', why: 'few_outcomes' }
    // The clock of every test begins at the same time, so what is kept is of the future until it is made older.
    const startMs = new FakeClock().nowMs()
    const known = await afterwards((text) => text.replaceAll(/"atMs":\d+/g, `"atMs":${startMs - 60_000}`))
    expect(known).toMatchObject({ mode: 'bounded', isAnew: false })
    expect(known.held).toBeLessThan(known.prices / 1.5)
    const ofTheFuture = await afterwards((text) => text)
    expect(ofTheFuture).toMatchObject({ ...strict, isAnew: false, held: ofTheFuture.prices })
    const ofAnotherVersion = await afterwards((text) => text.replace('"version":2', '"version":0'))
    expect(ofAnotherVersion).toMatchObject({ ...strict, isAnew: true, held: ofAnotherVersion.prices })
  })

  it('bids nothing that no budget has room for', async () => {
    const harness = await startHarness({ OPENRTB_BUDGET: '0.012' })
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await auction(harness)).status)
    expect(statuses).toEqual([200, 200, 204, 204])
    expect(scope(harness)).toMatchObject({ held: 10_000 })
  })

  it('refuses forged and damaged notices with 404, and counts them', async () => {
    const harness = await startHarness()
    const [bid] = (await auction(harness)).body.seatbid[0].bid
    const billing = expand(bid.burl, { PRICE: '5' })
    expect((await harness.get(billing.replace(/.\?/, (end) => (end === 'A?' ? 'B?' : 'A?')))).status).toBe(
      404,
    )
    expect((await harness.get('/openrtb2/notice/billing/nonsense?price=1')).status).toBe(404)
    expect((await harness.get(billing.replace('/billing/', '/refund/'))).status).toBe(404)
    expect(scope(harness)).toMatchObject({ held: 5_000, spent: 0 })
    expect((await harness.get('/metrics')).body).toContain('bidwarden_openrtb_forged_notices_total 3')
  })

  it.each(['', 'AUDIT', '$' + '{AUCTION_PRICE}', 'NaN', '-1', '99'])(
    'bills the held price for the price %j',
    async (price) => {
      const harness = await startHarness()
      const [bid] = (await auction(harness)).body.seatbid[0].bid
      expect((await harness.get(expand(bid.burl, { PRICE: price }))).status).toBe(200)
      expect(scope(harness)).toMatchObject({ held: 0, spent: 5_000 })
    },
  )

  it('answers 400 and names the field for what breaks the protocol, and never 5xx', async () => {
    const harness = await startHarness()
    const broken: [unknown, field: string][] = [
      ['{"id":', 'body'],
      ['[]', 'body'],
      ['null', 'body'],
      [{ imp: [] }, 'id'],
      [{ id: 'a', imp: [] }, 'imp'],
      [banner({ imp: 'one' }), 'imp'],
      [{ a: 'x'.repeat(300_000) }, 'body'],
    ]
    for (const [body, field] of broken) {
      const reply = await harness.send('POST', '/openrtb2/example/bid', body)
      expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request', field } })
    }
    expect((await harness.send('POST', '/openrtb2/nobody/bid', banner())).status).toBe(404)
  })

  it('reads and writes gzip, and takes JSON without a content type', async () => {
    const { service, get } = await startHarness()
    const post = (body: string | Buffer<ArrayBuffer>, headers: Record<string, string>) =>
      fetch(`${service.url}/openrtb2/example/bid`, { method: 'POST', body, headers })
    const packed = await post(gzipSync(JSON.stringify(banner())), {
      'content-encoding': 'gzip',
      'accept-encoding': 'gzip',
    })
    expect([packed.status, packed.headers.get('content-encoding')]).toEqual([200, 'gzip'])
    expect(await packed.json()).toMatchObject({ id: 'req-1' })
    expect(
      (await post(JSON.stringify(banner()), { 'accept-encoding': 'identity' })).headers.get(
        'content-encoding',
      ),
    ).toBeNull()
    const bomb = gzipSync('x'.repeat(10_000_000))
    expect((await post(bomb, { 'content-encoding': 'gzip' })).status).toBe(400)
    expect(timedIn((await get('/metrics')).body)).toEqual({
      ...{ bid: 2, no_bid: 0, bad_request: 1, forbidden: 0, limited: 0, shed: 0, failed: 0 },
    })
  })

  it('answers 2.6 as 2.6, holds nothing for a test, and gives up when the time is too short', async () => {
    const harness = await startHarness()
    const newer = await auction(harness, banner(), { 'x-openrtb-version': '2.6' })
    expect(newer.headers.get('x-openrtb-version')).toBe('2.6')
    expect(newer.body.seatbid[0].bid[0].mtype).toBe(1)
    const { held } = scope(harness) ?? {}
    expect((await auction(harness, banner({ test: 1 }))).status).toBe(200)
    expect(scope(harness)?.held).toBe(held)
    expect((await auction(harness, banner({ tmax: 20 }))).status).toBe(204)
  })

  it('tells why there was no bid to whoever may know', async () => {
    const key = `ops:admin:${hashKey('k').toString('hex')}`
    const harness = await startHarness({ API_KEYS: key })
    const request = banner({
      imp: [{ id: 'imp-1', banner: { w: 1, h: 1 } }],
      ext: { bidwarden: { debug: true } },
    })
    expect((await auction(harness, request)).status).toBe(204)
    const told = await auction(harness, request, { authorization: 'Bearer k' })
    expect(told.body.ext.seatnonbid[0].nonbid).toMatchObject([{ impid: 'imp-1' }])
  })

  it('bids nothing while a budget that would pay is kept in another currency', async () => {
    const harness = await startHarness({ OPENRTB_CURRENCY: 'EUR' })
    expect((await auction(harness, banner({ cur: ['EUR'] }))).status).toBe(200)
    await harness.send('PUT', '/v1/budgets/global', { limits: [{ kind: 'lifetime', max: 100 }] })
    expect((await auction(harness, banner({ cur: ['EUR'] }))).status).toBe(204)
    await harness.send('PUT', '/v1/budgets/global', { limits: [] })
    expect((await auction(harness, banner({ cur: ['EUR'] }))).status).toBe(200)
  })

  it('asks a seat for its key and its address where it was told to', async () => {
    const seats = JSON.stringify([
      { id: 'example', requireKey: true },
      { id: 'far', allowFrom: ['203.0.113.9'] },
    ])
    const harness = await startHarness({
      OPENRTB_SEATS: seats,
      API_KEYS: `x:bid:${hashKey('k').toString('hex')}`,
    })
    expect((await auction(harness)).status).toBe(403)
    expect((await auction(harness, banner(), { authorization: 'Bearer k' })).status).toBe(200)
    expect((await harness.send('POST', '/openrtb2/far/bid', banner())).status).toBe(403)
  })

  it('bids on the common sizes, a video and a native slot from the start', async () => {
    const harness = await startHarness()
    for (const [w, h] of [
      [300, 250],
      [320, 50],
      [728, 90],
      [160, 600],
      [300, 600],
      [970, 250],
    ]) {
      expect((await auction(harness, banner({ imp: [{ id: '1', banner: { w, h } }] }))).status).toBe(200)
    }
    const video = { mimes: ['video/mp4'], protocols: [2, 3], minduration: 5, maxduration: 30 }
    expect((await auction(harness, banner({ imp: [{ id: '1', video }] }))).status).toBe(200)
    const native = {
      request: JSON.stringify({ ver: '1.2', assets: [{ id: 1, required: 1, title: { len: 90 } }] }),
    }
    expect((await auction(harness, banner({ imp: [{ id: '1', native }] }))).status).toBe(200)
  })

  it('bids the banner it has in a ratio of sides that is wide enough', async () => {
    const harness = await startHarness()
    const flex = (format: object) =>
      auction(harness, banner({ imp: [{ id: '1', banner: { format: [format] } }] }))
    const { body } = await flex({ wratio: 6, hratio: 5, wmin: 300 })
    expect(body.seatbid[0].bid[0]).toMatchObject({ w: 300, h: 250 })
    expect((await flex({ wratio: 6, hratio: 5, wmin: 301 })).status).toBe(204)
    expect((await flex({ wratio: 16, hratio: 9 })).status).toBe(204)
    expect((await flex({ wratio: 'six', hratio: 5 })).status).toBe(204)
  })

  it('answers every sample request of the benchmark with 200 or 204', async () => {
    const harness = await startHarness({ OPENRTB_RATES: '{"JPY":0.0065,"EUR":1.08}' })
    for (const name of readdirSync('bench/openrtb-samples')) {
      const { status } = await auction(
        harness,
        JSON.parse(readFileSync(`bench/openrtb-samples/${name}`, 'utf8')),
      )
      expect([200, 204], name).toContain(status)
    }
  })

  it('answers without a bid while the event loop is too late to answer in time, and says so', async () => {
    const harness = await startHarness({ OPENRTB_SHED_ABOVE_MS: '50' })
    harness.clock.stall(500)
    expect((await auction(harness)).status).toBe(204)
    expect(scope(harness)).toMatchObject({ held: 0 })
    harness.clock.advance(100)
    expect((await auction(harness)).status).toBe(200)
    expect((await harness.get('/v1/seats/example')).body).toMatchObject({ requests: 2, shed: 1 })
    const { body } = await harness.get('/metrics')
    expect(body).toContain('bidwarden_openrtb_requests_total{seat="example",result="shed"} 1')
    expect(timedIn(body)).toMatchObject({ bid: 1, shed: 1 })
  })

  it('tells a test why it was shed, and logs the number once a minute', async () => {
    const harness = await startHarness({ OPENRTB_SHED_ABOVE_MS: '50' })
    harness.clock.stall(500)
    const { status, body } = await auction(harness, banner({ test: 1 }))
    expect(status).toBe(200)
    expect(body).toMatchObject({
      nbr: 503,
      ext: { seatnonbid: [{ nonbid: [{ ext: { bidwarden: { reason: 'shed' } } }] }] },
    })
    expect((await auction(harness)).status).toBe(204)
    harness.clock.advance(60_000)
    expect(harness.logged).toContainEqual(
      expect.objectContaining({ seat: 'example', requests: 2, limitMs: 50 }),
    )
  })

  it('sheds nothing while it starts, and by the machine later, where no limit is set', async () => {
    const harness = await startHarness()
    harness.clock.stall(500)
    expect((await auction(harness)).status).toBe(200)
    harness.clock.advance(15_000)
    harness.clock.stall(500)
    expect((await auction(harness)).status).toBe(204)
  })

  it('stops with the kill switch, a pause of its campaign, and starts again', async () => {
    const harness = await startHarness()
    const reason = async () => {
      const { body } = await auction(harness, banner({ ext: { bidwarden: { debug: true } } }))
      return body.ext.seatnonbid[0].nonbid[0].ext.bidwarden.reason
    }
    await harness.send('POST', '/v1/kill-switch', { engaged: true })
    expect((await auction(harness)).status).toBe(204)
    expect(await reason()).toBe('stopped')
    await harness.send('POST', '/v1/kill-switch', { engaged: false })
    await harness.send('POST', '/v1/budgets/campaign:openrtb:example-300x250/pause')
    expect((await auction(harness)).status).toBe(204)
    expect(await reason()).toBe('stopped')
    await harness.send('POST', '/v1/budgets/campaign:openrtb:example-300x250/resume')
    expect((await auction(harness)).status).toBe(200)
  })
})

describe('campaigns, predictions and seats', () => {
  const campaign = {
    seat: 'example',
    advertiserDomain: 'shop.example',
    price: { cpmPerLtv: 0.1, minCpm: 1, maxCpm: 80 },
    limits: [{ kind: 'lifetime', max: 0.05 }],
    creatives: [{ id: 'odd', type: 'banner', sizes: [{ w: 123, h: 45 }], markup: '<b>hi</b>' }],
  }
  const odd = (more: object = {}) => banner({ imp: [{ id: '1', banner: { w: 123, h: 45 } }], ...more })

  it('are stored, shown, changed and deleted', async () => {
    const harness = await startHarness()
    const { send, get } = harness
    expect((await auction(harness, odd())).status).toBe(204)
    const stored = await send('PUT', '/v1/campaigns/odd', campaign)
    expect(stored).toMatchObject({
      status: 200,
      body: {
        id: 'odd',
        status: 'active',
        price: { minCpm: 1, maxCpm: 80 },
        limits: [{ kind: 'lifetime', max: 0.05 }],
      },
    })
    expect((await get('/v1/campaigns/odd')).body).toEqual(stored.body)
    const all = (await get('/v1/campaigns')).body
    expect(all.campaigns).toHaveLength(9)
    expect(all.next).toBeUndefined()
    const first = (await get('/v1/campaigns?limit=5')).body
    const second = (await get(`/v1/campaigns?limit=5&cursor=${first.next}`)).body
    expect(second.next).toBeUndefined()
    expect([...first.campaigns, ...second.campaigns]).toEqual(all.campaigns)
    expect(await get('/v1/campaigns?limit=0')).toMatchObject({ status: 400, body: { field: 'limit' } })
    expect((await auction(harness, odd())).body.seatbid[0].bid[0].price).toBe(1)
    await send('PUT', '/v1/campaigns/odd', { ...campaign, status: 'paused' })
    expect((await auction(harness, odd())).status).toBe(204)
    expect((await send('DELETE', '/v1/campaigns/odd')).status).toBe(200)
    expect((await get('/v1/campaigns/odd')).status).toBe(404)
  })

  it('name the field that is wrong', async () => {
    const { send } = await startHarness()
    const put = (more: object) => send('PUT', '/v1/campaigns/odd', { ...campaign, ...more })
    expect(await put({ advertiserDomain: 'not a domain' })).toMatchObject({
      status: 400,
      body: { field: 'advertiserDomain' },
    })
    expect(await put({ seat: 'nobody' })).toMatchObject({ status: 400, body: { field: 'seat' } })
    expect(await put({ price: { cpmPerLtv: 1, minCpm: 9, maxCpm: 1 } })).toMatchObject({
      status: 400,
      body: { field: 'price.minCpm' },
    })
  })

  it('bid by the stored value of the user, and spend no more than the campaign’s own limit', async () => {
    const harness = await startHarness()
    await harness.send('PUT', '/v1/campaigns/odd', campaign)
    const rows = [{ userId: 'u1', idType: 'user', predictedLtv: 300, confidence: 0.7 }]
    expect((await harness.send('PUT', '/v1/ltv', { rows })).body).toEqual({ stored: 1, rows: 1 })
    const reply = await auction(harness, odd({ user: { id: 'u1' } }))
    expect(reply.body.seatbid[0].bid[0]).toMatchObject({
      price: 30,
      ext: { bidwarden: { source: 'ai', predictedLtv: 300, confidence: 0.7 } },
    })
    // $0.05 in all, $0.03 of it held.
    expect((await auction(harness, odd({ user: { id: 'u1' } }))).status).toBe(204)
    expect((await harness.get('/v1/ltv/user/u1')).body).toMatchObject({ predictedLtv: 300 })
    expect((await harness.send('DELETE', '/v1/ltv/user/u1')).status).toBe(200)
    expect((await harness.get('/v1/ltv/user/u1')).status).toBe(404)
    expect(await harness.send('PUT', '/v1/ltv', { rows: [{ ...rows[0], idType: 'cookie' }] })).toMatchObject({
      status: 400,
    })
  })

  it('take a prediction as the float that a model gave, stored or in the request, and never for more than that', async () => {
    const harness = await startHarness()
    const [sent, predictedLtv, confidence] = [843.2719116210938, 843.271911, 0.9999999999999999]
    const shown = { ext: { bidwarden: { source: 'ai', predictedLtv, confidence } } }
    const rows = [{ userId: 'u9', idType: 'user', predictedLtv: sent, confidence }]
    expect((await harness.send('PUT', '/v1/ltv', { rows })).status).toBe(200)
    expect((await harness.get('/v1/ltv/user/u9')).body).toEqual({ predictedLtv, confidence })
    const stored = await auction(harness, banner({ user: { id: 'u9' } }))
    expect(stored.body.seatbid[0].bid[0]).toMatchObject(shown)
    const ext = { bidwarden: { predictedLtv: sent, confidence } }
    const brought = await auction(harness, banner({ id: 'other', ext }))
    expect(brought.body.seatbid[0].bid[0]).toMatchObject(shown)
  })

  it.each([1.0000097751617432, 1 + 6.661338e-16])(
    'take a confidence of %d, as sums of floats are, for certainty',
    async (confidence) => {
      const harness = await startHarness()
      const { status, body } = await harness.bid({ confidence })
      expect(status).toBe(200)
      expect((await harness.get(`/v1/bids/${body.bidId}`)).body).toMatchObject({ confidence: 1 })
      const rows = [{ userId: 'u9', idType: 'user', predictedLtv: 900, confidence }]
      expect((await harness.send('PUT', '/v1/ltv', { rows })).status).toBe(200)
      expect((await harness.get('/v1/ltv/user/u9')).body).toMatchObject({ confidence: 1 })
      const shown = { ext: { bidwarden: { source: 'ai', confidence: 1 } } }
      const ext = { bidwarden: { predictedLtv: 900, confidence } }
      const brought = await auction(harness, banner({ ext }))
      expect(brought.body.seatbid[0].bid[0]).toMatchObject(shown)
    },
  )

  it('show what is held and overdrawn for one seat and not for another', async () => {
    const seats = JSON.stringify([{ id: 'example' }, { id: 'other', holdSeconds: 60 }])
    const harness = await startHarness({ OPENRTB_SEATS: seats, OPENRTB_BUDGET: '0.02' })
    await harness.send('PUT', '/v1/campaigns/odd', { ...campaign, seat: 'other', limits: [] })
    const money = async (seat: string) => {
      const { held, overdraft } = (await harness.get(`/v1/seats/${seat}`)).body
      return [held, overdraft]
    }
    const bidOf = async (seat: string, request: object) =>
      (await harness.send('POST', `/openrtb2/${seat}/bid`, request)).body.seatbid[0].bid[0]
    const first = await bidOf('example', banner())
    const lost = await bidOf('example', banner())
    const late = await bidOf('other', odd())
    await bidOf('other', odd())
    expect([await money('example'), await money('other')]).toEqual([
      [0.01, 0],
      [0.002, 0],
    ])
    await harness.get(expand(first.burl, { PRICE: '5' }))
    await harness.get(expand(lost.lurl, { LOSS: '102' }))
    expect([await money('example'), await money('other')]).toEqual([
      [0, 0],
      [0.002, 0],
    ])
    harness.clock.advance(60_250)
    expect(await money('other')).toEqual([0, 0])
    expect(harness.logged.filter(({ msg }) => msg === 'hold expired')).toEqual([])
    // Its budget awaits a late bill a quarter of the hold time longer.
    harness.clock.advance(17_000)
    for (let i = 0; i < 3; i++) await bidOf('example', banner())
    // The budget is full to the last cent when the bill comes for what was freed.
    await harness.get(expand(late.burl, { PRICE: '1' }))
    expect([await money('example'), await money('other')]).toEqual([
      [0.015, 0],
      [0, 0.001],
    ])
  })

  it('show how a seat is doing', async () => {
    const harness = await startHarness()
    const [bid] = (await auction(harness)).body.seatbid[0].bid
    await auction(harness, banner({ tmax: 5 }))
    harness.clock.advance(2_000)
    await harness.get(expand(bid.burl, { PRICE: '5' }))
    const { body } = await harness.get('/v1/seats/example')
    expect(body).toMatchObject({
      seat: 'example',
      billOn: 'billing',
      holdSeconds: 300,
      requests: 2,
      bids: 1,
      bidRate: 0.5,
      winRate: 1,
      tooLate: 1,
      held: 0,
      overdraft: 0,
    })
    expect(body.noticeDelayMs.p50).toBeGreaterThan(1_900)
    expect((await harness.get('/v1/seats/nobody')).status).toBe(404)
  })
})
