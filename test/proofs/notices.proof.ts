import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createNoticeTokens, type NoticeKind } from '../../src/agent/exchange/openrtb/index.ts'
import { macro } from '../../src/agent/exchange/openrtb/macros.ts'
import { micros } from '../../src/money.ts'
import { seedOr } from '../support/seed.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { listening, start } from '../support/service.ts'

/** So many fuzzed notices in all, so many at once, and the longest that any of them may take, also on a machine that stands still. */
const NOTICES = 40_000
const AT_ONCE = 16
const SLOWEST_MS = 30_000
/** Of the two hundred bids that the budget is worth, so many can be made, twenty at a time. */
const ENOUGH = 150
const KINDS = ['win', 'billing', 'loss'] as const

interface Sold {
  readonly price: number
  readonly paths: Readonly<Record<NoticeKind, string>>
}

/** The service with a budget of a dollar, and an exchange that asks it. */
async function startExchange(environment: Record<string, string> = {}) {
  const service = start({
    PORT: '0',
    LOG_LEVEL: 'warn',
    OPENRTB_BUDGET: '1',
    // However long it takes, no hold ends by itself, and nothing is refused because the machine is slow.
    OPENRTB_SEATS: JSON.stringify([{ id: 'example', holdSeconds: 86_400 }]),
    OPENRTB_SHED_ABOVE_MS: '10000',
    ...environment,
  })
  const url = new URL(await listening(service))
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  let slowestMs = 0
  const send = (method: string, path: string, body?: object) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const startMs = performance.now()
      const asked = request(
        {
          agent,
          host: url.hostname,
          port: url.port,
          method,
          path,
          headers: body ? { 'content-type': 'application/json' } : {},
        },
        (answer) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.on('end', () => {
            slowestMs = Math.max(slowestMs, performance.now() - startMs)
            resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() })
          })
        },
      )
      asked.on('error', reject)
      asked.end(body && JSON.stringify(body))
    })
  /** Bids until the budget has no room. */
  const fill = async (): Promise<Sold[]> => {
    const sold: Sold[] = []
    const imp = Array.from({ length: 20 }, (_, i) => ({ id: String(i), banner: { w: 300, h: 250 } }))
    for (;;) {
      const { status, body } = await send('POST', '/openrtb2/example/bid', {
        id: randomBytes(6).toString('hex'),
        imp,
      })
      // A process whose money is on its way bids nothing for a moment.
      if (status !== 200 && sold.length <= ENOUGH) continue
      if (status !== 200) return sold
      for (const { price, nurl, burl, lurl } of JSON.parse(body).seatbid[0].bid) {
        const [win = '', billing = '', loss = ''] = [nurl, burl, lurl].map(
          (address) => new URL(address).pathname,
        )
        sold.push({ price, paths: { win, billing, loss } })
      }
    }
  }
  const budget = async () => {
    const { limits, overdraft } = JSON.parse((await send('GET', '/v1/budgets/platform:openrtb')).body)
    return { spent: limits[0].spent, held: limits[0].held, overdraft }
  }
  return { send, fill, budget, slowestMs: () => slowestMs, stop: () => agent.destroy() }
}

const tokenOf = (path: string): string => path.split('/').at(-1) ?? ''

describe('notices under attack', () => {
  it('spend a budget once, though every token is tried at every kind of address before the bids are billed', async () => {
    const exchange = await startExchange()
    const first = await exchange.fill()
    expect(first.length).toBeGreaterThan(ENOUGH)
    for (const { paths } of first) {
      for (const seen of ['win', 'billing'] as const) {
        const { status } = await exchange.send(
          'GET',
          `/openrtb2/notice/loss/${tokenOf(paths[seen])}?loss=102`,
        )
        expect(status).toBe(404)
      }
    }
    expect(await exchange.budget()).toEqual({ spent: 0, held: first.length * 0.005, overdraft: 0 })
    // Somebody bills all of it ahead of the exchange for next to nothing, and it is bid for again before the real bills come.
    for (const { paths } of first) await exchange.send('GET', `${paths.billing}?price=0.000001&cur=USD`)
    const imp = [{ id: '1', banner: { w: 300, h: 250 } }]
    expect((await exchange.send('POST', '/openrtb2/example/bid', { id: 'again', imp })).status).toBe(204)
    for (const { paths, price } of first) {
      expect((await exchange.send('GET', `${paths.billing}?price=${price}&cur=USD`)).status).toBe(200)
    }
    expect(await exchange.budget()).toEqual({ spent: first.length * 0.005, held: 0, overdraft: 0 })
    exchange.stop()
  })

  it('are not signed with a guess at the secret: an empty one, or another', async () => {
    const exchange = await startExchange()
    const [sold] = await exchange.fill()
    if (!sold) throw new Error('no bid')
    const [id = '', owner = ''] = tokenOf(sold.paths.billing).split('.')
    for (const secret of ['', ' ', 'secret', '0'.repeat(64)]) {
      const forged = createNoticeTokens([{ id, secret }]).sign({
        ...{ owner, seq: 777, issuedMs: Date.now(), seat: 'example', campaign: 'example-300x250' },
        ...{ held: micros(400_000_000), price: 400_000_000_000, currency: 'USD', billOn: 'billing' },
      })
      for (const kind of KINDS)
        expect(
          (await exchange.send('GET', `/openrtb2/notice/${kind}/${forged[kind]}?price=400000`)).status,
        ).toBe(404)
    }
    expect(await exchange.budget()).toMatchObject({ spent: 0, overdraft: 0 })
    exchange.stop()
  })

  it('come to what the exchange bills, and to no error, whatever else is said', async () => {
    const exchange = await startExchange()
    const sold = await exchange.fill()
    const seed = seedOr(20_261_120)
    const random = seededRandom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const statuses = new Map<number, number>()
    let left = NOTICES
    const work = async (): Promise<void> => {
      while (left-- > 0) {
        const { paths } = pick(sold)
        const kind = pick(KINDS)
        const token = mangled(tokenOf(paths[pick(KINDS)]), random)
        const price = pick([
          '',
          '1',
          '0',
          '-1',
          '1e9',
          'NaN',
          '9'.repeat(4_000),
          `${'1'.repeat(9_000)}x`,
          '%00',
          macro('AUCTION_PRICE'),
        ])
        const query = `price=${encodeURIComponent(price)}&cur=${pick(['USD', '', 'XXX', '%F0%9F'])}&loss=${Math.floor(random() * 1e6)}`
        const method = pick(['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS'])
        const { status } = await exchange.send(method, `/openrtb2/notice/${kind}/${token}?${query}`)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    const where = `seed ${seed}: ${[...statuses].join(' ')}`
    expect(
      [...statuses.keys()].filter((status) => status >= 500),
      where,
    ).toEqual([])
    expect(exchange.slowestMs(), where).toBeLessThan(SLOWEST_MS)
    expect(await exchange.budget(), where).toEqual({ spent: 0, held: sold.length * 0.005, overdraft: 0 })
    for (const { paths, price } of sold) await exchange.send('POST', `${paths.billing}?price=${price}`)
    expect(await exchange.budget(), where).toEqual({ spent: sold.length * 0.005, held: 0, overdraft: 0 })
    const { body } = await exchange.send('GET', '/metrics')
    expect(body.split('\n').filter((line) => line.startsWith('bidwarden_openrtb_losses_total{')).length).toBe(
      0,
    )
    exchange.stop()
  })
})

/** Never the token itself: cut, doubled, with other signs in it, or of other lengths. */
function mangled(token: string, random: () => number): string {
  const at = Math.floor(random() * token.length)
  const other = token[at] === 'x' ? 'y' : 'x'
  const ways = [
    `${token.slice(0, at)}${other}${token.slice(at + 1)}`,
    token.slice(0, at) || 'a',
    `${token}.${token}`,
    `${token}${'a'.repeat(2_000)}`,
    `${token.slice(0, at)}%00${token.slice(at)}`,
    token.split('.').toReversed().join('.'),
  ]
  return ways[Math.floor(random() * ways.length)] ?? 'a'
}
