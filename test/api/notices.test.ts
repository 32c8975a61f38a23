import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { macro } from '../../src/agent/exchange/openrtb/macros.ts'
import { parseConfig } from '../../src/config/config.ts'
import { startService } from '../../src/main.ts'
import { SecretError } from '../../src/storage/index.ts'
import { type Harness, startHarness } from '../support/harness.ts'
import { temporaryDirectory } from '../support/restarts.ts'

interface Addresses {
  readonly nurl: string
  readonly burl: string
  readonly lurl: string
  readonly price: number
}

/** Bids of one request, with the paths of their notices and no macros. */
async function bids({ send }: Harness, count = 1): Promise<Addresses[]> {
  const imp = Array.from({ length: count }, (_, i) => ({ id: String(i), banner: { w: 300, h: 250 } }))
  const { status, body } = await send('POST', '/openrtb2/example/bid', { id: 'req', imp })
  if (status !== 200) return []
  return body.seatbid[0].bid.map(({ nurl, burl, lurl, price }: Addresses) => ({
    ...{ nurl: pathOf(nurl), burl: pathOf(burl), lurl: pathOf(lurl), price },
  }))
}

async function bidOf(harness: Harness): Promise<Addresses> {
  const [bid] = await bids(harness)
  if (!bid) throw new Error('no bid')
  return bid
}

const pathOf = (address: string) => new URL(address).pathname
const tokenOf = (path: string) => path.split('/').at(-1) ?? ''
const scope = ({ service }: Harness) => service.agent.budget.scope('platform:openrtb')
const count = async ({ get }: Harness, series: string): Promise<number> => {
  const line = (await get('/metrics')).body.split('\n').find((one: string) => one.startsWith(`${series} `))
  return Number(line?.split(' ')[1] ?? 0)
}

describe('the kind of a notice', () => {
  it('is signed: whoever sees one address of a bid cannot speak through the others', async () => {
    const harness = await startHarness()
    const bid = await bidOf(harness)
    const own = { win: tokenOf(bid.nurl), billing: tokenOf(bid.burl), loss: tokenOf(bid.lurl) }
    for (const kind of ['win', 'billing', 'loss'] as const) {
      for (const other of ['win', 'billing', 'loss'] as const) {
        if (kind === other) continue
        expect((await harness.get(`/openrtb2/notice/${kind}/${own[other]}?price=5&loss=102`)).status).toBe(
          404,
        )
      }
    }
    expect(scope(harness)).toMatchObject({ held: 5_000, spent: 0 })
    for (const kind of ['win', 'billing', 'loss']) {
      const labels = `seat="example",kind="${kind}",result="other_kind"`
      expect(await count(harness, `bidwarden_openrtb_notices_total{${labels}}`)).toBe(2)
    }
    expect(await count(harness, 'bidwarden_openrtb_forged_notices_total')).toBe(0)
  })

  it('keeps those who see billing addresses from spending a budget twice', async () => {
    const harness = await startHarness({ OPENRTB_BUDGET: '0.1', OPENRTB_MAX_REQUEST_SHARE: '1' })
    const first = await bids(harness, 20)
    expect(first).toHaveLength(20)
    for (const { burl } of first) await harness.get(`/openrtb2/notice/loss/${tokenOf(burl)}?loss=102`)
    expect(await bids(harness, 20)).toEqual([])
    for (const { burl, price } of first) await harness.get(`${burl}?price=${price}&cur=USD`)
    expect((await harness.get('/v1/budgets/platform:openrtb')).body).toMatchObject({
      overdraft: 0,
      limits: [{ spent: 0.1, held: 0, max: 0.1 }],
    })
  })
})

describe('the billing address in a markup', () => {
  it('bills its bid once, together with the burl, and says neither "won" nor "lost"', async () => {
    const harness = await startHarness()
    const imp = [{ id: '1', video: { mimes: ['video/mp4'], w: 640, h: 360 } }]
    const { body } = await harness.send('POST', '/openrtb2/example/bid', { id: 'req', imp })
    const { adm, burl, lurl } = body.seatbid[0].bid[0]
    const inMarkup = pathOf(/<!\[CDATA\[(http[^\]]+)\]\]><\/Impression>/.exec(adm)?.[1] ?? '')
    expect(tokenOf(inMarkup)).toBe(tokenOf(pathOf(burl)))
    expect(adm).not.toContain(tokenOf(pathOf(lurl)))
    const held = scope(harness)?.held ?? 0
    for (const kind of ['loss', 'win', 'LOSS', '%6Coss', 'loss/', 'billing/../loss'])
      expect((await harness.get(`/openrtb2/notice/${kind}/${tokenOf(inMarkup)}?loss=102`)).status).toBe(404)
    expect(scope(harness)).toMatchObject({ held, spent: 0 })
    expect(await count(harness, 'bidwarden_openrtb_forged_notices_total')).toBe(1)
    for (const path of [inMarkup, pathOf(burl), inMarkup]) await harness.get(`${path}?price=5&cur=USD`)
    expect(scope(harness)).toMatchObject({ held: 0, spent: held })
    await harness.get(`${pathOf(lurl)}?loss=102`)
    expect(scope(harness)).toMatchObject({ held: 0, spent: held })
    expect(await count(harness, 'bidwarden_openrtb_false_losses_total{seat="example"}')).toBe(1)
  })
})

describe('a loss', () => {
  it('that was false is counted, and later losses free nothing until enough of them have proved true', async () => {
    const harness = await startHarness()
    const liar = await bidOf(harness)
    await harness.get(`${liar.lurl}?loss=102`)
    expect(scope(harness)).toMatchObject({ held: 0, spent: 0 })
    await harness.get(`${liar.burl}?price=5`)
    expect(scope(harness)).toMatchObject({ held: 0, spent: 5_000 })
    expect(await count(harness, 'bidwarden_openrtb_false_losses_total{seat="example"}')).toBe(1)

    const doubted = await bidOf(harness)
    await harness.get(`${doubted.lurl}?loss=102`)
    expect(scope(harness)).toMatchObject({ held: 5_000, spent: 5_000 })
    const labels = 'seat="example",kind="loss",result="doubted"'
    expect(await count(harness, `bidwarden_openrtb_notices_total{${labels}}`)).toBe(1)
    harness.clock.advance(301_000)
    expect(scope(harness)).toMatchObject({ held: 0, spent: 5_000 })
  })

  it('is only evidence: an exchange that reports every bid lost and bills them spends no budget twice', async () => {
    const harness = await startHarness({ OPENRTB_BUDGET: '0.1', OPENRTB_MAX_REQUEST_SHARE: '1' })
    const round = async (): Promise<number> => {
      const made = await bids(harness, 20)
      for (const { lurl } of made) await harness.get(`${lurl}?loss=102`)
      for (const { burl, price } of made) await harness.get(`${burl}?price=${price}`)
      return made.length
    }
    const overdraft = async () => (await harness.get('/v1/budgets/platform:openrtb')).body.overdraft
    expect(await round()).toBe(20)
    for (let i = 0; i < 5; i++) {
      harness.clock.advance(601_000)
      expect(await round()).toBe(20)
      expect(await round()).toBe(0)
    }
    expect(await overdraft()).toBe(0)
  })
})

describe('HEAD and OPTIONS', () => {
  it('on a notice move nothing and count nothing, and HEAD is answered like GET', async () => {
    const harness = await startHarness()
    const { nurl, burl, lurl } = await bidOf(harness)
    for (const path of [nurl, burl, lurl]) {
      expect((await harness.send('HEAD', `${path}?price=1&loss=102`)).status).toBe(200)
      await harness.send('OPTIONS', `${path}?price=1&loss=102`)
    }
    expect((await harness.send('HEAD', `${burl}x`)).status).toBe(404)
    expect(scope(harness)).toMatchObject({ held: 5_000, spent: 0 })
    expect((await harness.get('/metrics')).body).not.toMatch(
      /bidwarden_openrtb_(notices|forged_notices)_total[ {].*[1-9]$/m,
    )
    expect((await harness.get(`${burl}?price=3`)).status).toBe(200)
    expect(scope(harness)).toMatchObject({ held: 2_000, spent: 3_000 })
  })

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is no way to send a notice', async (method) => {
    const harness = await startHarness()
    const { burl, lurl } = await bidOf(harness)
    for (const path of [burl, lurl]) expect((await harness.send(method, path)).status).toBe(405)
    expect(scope(harness)).toMatchObject({ held: 5_000, spent: 0 })
  })
})

describe('what a notice can say', () => {
  it('makes no more labels than the specification has loss codes', async () => {
    const harness = await startHarness()
    const { lurl } = await bidOf(harness)
    for (let code = 0; code < 1200; code += 7) await harness.get(`${lurl}?loss=${code}`)
    for (const code of ['102', '1e3', '-1', macro('AUCTION_LOSS'), '999999'])
      await harness.get(`${lurl}?loss=${encodeURIComponent(code)}`)
    const { body } = await harness.get('/metrics')
    const codes = [...body.matchAll(/bidwarden_openrtb_losses_total\{seat="example",code="(\w+)"\}/g)]
    expect(codes.length).toBeLessThan(15)
    expect(codes.map(([, code]) => code)).toEqual(expect.arrayContaining(['102', 'other']))
  })

  it.each(['price=1&price=5', 'price=5&price=1', 'price=1&cur=USD&cur=EUR'])(
    'that says %s is booked with the whole bid, since nobody knows which is meant',
    async (query) => {
      const harness = await startHarness()
      const { burl } = await bidOf(harness)
      expect((await harness.get(`${burl}?${query}`)).status).toBe(200)
      expect(scope(harness)).toMatchObject({ held: 0, spent: 5_000 })
    },
  )

  it('takes no time however long its price is', async () => {
    const harness = await startHarness()
    const { burl } = await bidOf(harness)
    const before = process.threadCpuUsage()
    expect((await harness.get(`${burl}?price=${'1'.repeat(12_000)}x`)).status).toBe(200)
    const { user, system } = process.threadCpuUsage(before)
    // Of the processor, in microseconds: a busy machine takes its own time.
    expect(user + system).toBeLessThan(1_000_000)
    expect(scope(harness)).toMatchObject({ held: 0, spent: 5_000 })
  })
})

describe('a start', () => {
  it.each(['', '\n', 'too short'])('is refused with %j as the key of notices', async (text) => {
    const DATA_DIR = temporaryDirectory()
    writeFileSync(join(DATA_DIR, 'notices.key'), text)
    const config = parseConfig({ PORT: '0', LOG_LEVEL: 'silent', DATA_DIR })
    await expect(startService(config)).rejects.toThrow(SecretError)
  })
})

describe('a bill below the bid', () => {
  it('frees nothing until its hold time is over, so an early bill for next to nothing spends no budget twice', async () => {
    const harness = await startHarness({ OPENRTB_BUDGET: '0.1', OPENRTB_MAX_REQUEST_SHARE: '1' })
    const first = await bids(harness, 20)
    expect(first).toHaveLength(20)
    for (const { burl } of first) await harness.get(`${burl}?price=0.000001`)
    expect(await bids(harness, 20)).toEqual([])
    for (const { burl, price } of first) await harness.get(`${burl}?price=${price}`)
    expect((await harness.get('/v1/budgets/platform:openrtb')).body).toMatchObject({
      overdraft: 0,
      limits: [{ spent: 0.1, held: 0, max: 0.1 }],
    })
  })
})
