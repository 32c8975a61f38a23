import { describe, expect, it, onTestFinished } from 'vitest'
import { redis, startReplica } from '../support/replica.ts'
import { startProxy } from '../support/tcp-proxy.ts'

/** Long enough for a lease of ten seconds to end on a busy machine. */
const LEASE_OVER = { interval: 200 }
const SECRET = { NOTICE_SECRET: 'the same secret at every replica, 32+' }
const SCOPES = ['campaign:openrtb:example-300x250', 'platform:openrtb', 'global']

type Replica = Awaited<ReturnType<typeof startReplica>>

/** Makes one bid, at $5 CPM: 0.005 is held. Answers with the paths of its notices. */
async function bidAt({ send }: Replica) {
  const auction = () =>
    send('POST', '/openrtb2/example/bid', {
      id: '1',
      tmax: 500,
      imp: [{ id: '1', banner: { w: 300, h: 250 } }],
    })
  let reply = await auction()
  // Its money has to be fetched first.
  while (reply.status !== 200) reply = await auction()
  const [{ burl, lurl, nurl }] = reply.body.seatbid[0].bid
  const path = (address: string, query: string) => `${new URL(address).pathname}?${query}`
  return {
    bill: (price: string) => path(burl, `price=${price}`),
    loss: path(lurl, 'loss=102'),
    win: path(nurl, 'price=4'),
  }
}

/** Spent, held and forfeited in each scope of the bids, as one replica shows it. */
const standing = ({ get }: Replica) =>
  Promise.all(
    SCOPES.map(async (scope) => {
      const { limits, forfeited } = (await get(`/v1/budgets/${scope}`)).body
      return { spent: limits[0]?.spent, held: limits[0]?.held, forfeited: forfeited?.amount ?? 0 }
    }),
  )

/** Every scope has a limit, so that each can be asked what was spent. */
async function limitAll({ send }: Replica) {
  const limits = [{ kind: 'sliding', windowSeconds: 600, max: 1 }]
  for (const scope of SCOPES)
    await expect.poll(async () => (await send('PUT', `/v1/budgets/${scope}`, { limits })).status).toBe(200)
}

async function fleet(count: number) {
  const { url, port } = await redis()
  const proxy = await startProxy(port)
  onTestFinished(() => proxy.close())
  const first = await startReplica(`redis://127.0.0.1:${proxy.port}`, SECRET)
  const others = await Promise.all(Array.from({ length: count - 1 }, () => startReplica(url, SECRET)))
  await first.vouch()
  await limitAll(first)
  for (const { ready } of others) await ready()
  return { proxy, first, others }
}

const each = (want: object) => SCOPES.map(() => expect.objectContaining(want))

describe('a notice that reaches another replica than the one that bid', () => {
  it('ends the hold there: a bill is spent once, a loss frees the money', async () => {
    const {
      first,
      others: [other],
    } = await fleet(2)
    if (!other) throw new Error('one replica')
    const [bid, lost] = [await bidAt(first), await bidAt(first)]
    await expect.poll(() => standing(first)).toEqual(each({ spent: 0, held: 0.01 }))
    for (const path of [bid.win, bid.bill('3'), bid.bill('3'), lost.loss])
      expect((await other.get(path)).status).toBe(200)
    await expect.poll(() => standing(first)).toEqual(each({ spent: 0.003, held: 0.002 }))
    expect((await first.get(bid.bill('3'))).status).toBe(200)
    await expect.poll(() => standing(other)).toEqual(each({ spent: 0.003, forfeited: 0 }))

    const seat = (await first.get('/v1/seats/example')).body
    expect(seat).toMatchObject({ losses: 1, held: 0.002 })
    const metrics = (await first.get('/metrics')).body
    expect(metrics).toContain('result="settled"} 1')
    expect(metrics).toContain('result="released"} 1')
    expect((await other.get('/metrics')).body).toContain('kind="billing",result="elsewhere"} 2')
  })

  it('is booked once against what a replica left behind that is gone, also what it had not read', async () => {
    const {
      proxy,
      first,
      others: [one, two],
    } = await fleet(3)
    if (!one || !two) throw new Error('too few replicas')
    const [unread, late] = [await bidAt(first), await bidAt(first)]
    proxy.cut('all')
    // Nobody knows yet that it is gone: its box takes the bill.
    expect((await one.get(unread.bill('3'))).status).toBe(200)
    await expect.poll(() => standing(two), LEASE_OVER).toEqual(each({ spent: 0.003 }))
    const before = await standing(one)
    for (const { forfeited } of before) expect(forfeited).toBeGreaterThanOrEqual(0.005)

    const again = [one.get(unread.bill('3')), two.get(unread.bill('3'))]
    const bills = [one.get(late.bill('4')), two.get(late.bill('4')), one.get(late.bill('4'))]
    for (const { status } of await Promise.all([...again, ...bills])) expect(status).toBe(200)
    const after = before.map(({ forfeited }) => ({
      spent: 0.007,
      held: 0,
      forfeited: expect.closeTo(forfeited - 0.004, 9),
    }))
    await expect.poll(() => standing(one)).toEqual(after)
    await expect.poll(() => standing(two)).toEqual(after)
  })

  it('is asked for again while Redis is away, and not lost where it is not sent again', async () => {
    const {
      proxy,
      first,
      others: [other],
    } = await fleet(2)
    if (!other) throw new Error('one replica')
    const bid = await bidAt(other)
    proxy.cut('all')
    const away = { status: 503, body: { code: 'budget_store_unavailable', retryAfterMs: 1_000 } }
    await expect.poll(() => first.get(bid.bill('3'))).toMatchObject(away)
    expect(await standing(other)).toEqual(each({ spent: 0, held: 0.005 }))
    proxy.heal()
    await expect.poll(() => standing(other)).toEqual(each({ spent: 0.003, held: 0.002 }))
  })
})
