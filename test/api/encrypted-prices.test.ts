import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.ts'

const KEYS = {
  encryption: 'sIxwz7yw62yrfoLGt12lIHKuYrK_S5kLuApI2BQe7Ac=',
  integrity: 'v3fsVcMBMMHYzRhi7SpM0sdqwzvAxM6KPTu9OtVod5I=',
}
const OTHER_KEYS = {
  encryption: 'skU7Ax_NL5pPAFyKdkfZjZz2-VhIN8bjj1rVFOaJ_5o=',
  integrity: 'arO23ykdNqUQ5LEoQ0FVmPkBd7xB5CO89PDZlSjpFxo=',
}

/** What an exchange with these keys puts in for its price macro. */
function encrypt(micros: number, { encryption, integrity } = KEYS, vector = Buffer.alloc(16, 7)): string {
  const price = Buffer.alloc(8)
  price.writeBigInt64BE(BigInt(micros))
  const pad = createHmac('sha1', Buffer.from(encryption, 'base64url')).update(vector).digest()
  const signature = createHmac('sha1', Buffer.from(integrity, 'base64url'))
    .update(price)
    .update(vector)
    .digest()
  const hidden = price.map((byte, i) => byte ^ (pad[i] ?? 0))
  return Buffer.concat([vector, hidden, signature.subarray(0, 4)]).toString('base64url')
}

const startExchange = (prices: object = {}, seat: object = {}, environment: Record<string, string> = {}) =>
  startHarness({
    OPENRTB_SEATS: JSON.stringify([{ id: 'example', ...seat, encryptedPrices: { keys: [KEYS], ...prices } }]),
    OPENRTB_RATES: '{"EUR":1.25}',
    ...environment,
  })

/** The addresses of a bid of $5 a thousand, which holds 5,000 micros. */
async function bidOf({ send }: Harness): Promise<{ nurl: string; burl: string }> {
  const imp = [{ id: '1', banner: { w: 300, h: 250 } }]
  const { body } = await send('POST', '/openrtb2/example/bid', { id: 'req', imp })
  const { nurl, burl } = body.seatbid[0].bid[0]
  return { nurl, burl }
}

const pathOf = (address: string) => new URL(address).pathname
const bill = async (harness: Harness, query: string): Promise<number> => {
  const { burl } = await bidOf(harness)
  const before = spentOf(harness)
  expect((await harness.get(`${pathOf(burl)}?${query}`)).status).toBe(200)
  return spentOf(harness) - before
}
const spentOf = ({ service }: Harness): number => service.agent.budget.scope('platform:openrtb')?.spent ?? 0
const formsOf = async ({ get }: Harness): Promise<Record<string, number>> => {
  const { body } = await get('/metrics')
  const lines = [
    ...body.matchAll(/notice_prices_total\{seat="example",form="(\w+)"\} (\d+)/g),
  ] as RegExpMatchArray[]
  return Object.fromEntries(lines.map(([, form, count]) => [form, Number(count)]))
}

describe('the price of a seat whose exchange encrypts it', () => {
  it('is believed when it verifies, up to the bid', async () => {
    const harness = await startExchange()
    expect(await bill(harness, `price=${encrypt(3_200_000)}&cur=USD`)).toBe(3_200)
    expect(await bill(harness, `price=${encrypt(3_200_001)}%3D%3D`)).toBe(3_201)
    expect(await bill(harness, `price=${encrypt(0)}`)).toBe(0)
    expect(await bill(harness, `price=${encrypt(5_000_000)}`)).toBe(5_000)
    expect(await bill(harness, `price=${encrypt(5_000_001)}`)).toBe(5_000)
    expect(await bill(harness, `price=${encrypt(Number.MAX_SAFE_INTEGER)}`)).toBe(5_000)
    expect(await bill(harness, `price=${encrypt(-1)}`)).toBe(5_000)
    expect(await formsOf(harness)).toEqual({ verified: 4, above_bid: 2, negative: 1 })
  })

  it('counts as the full bid when it does not verify, or is plain', async () => {
    const harness = await startExchange()
    const forged = `${encrypt(1_000_000).slice(0, -6)}AAAAAA`
    for (const price of [forged, encrypt(1_000_000, OTHER_KEYS), 'x'.repeat(38), 'cheap', '0'.repeat(38)])
      expect(await bill(harness, `price=${price}`)).toBe(5_000)
    for (const price of ['0.001', '0', '1e-3'])
      expect(await bill(harness, `price=${price}&cur=USD`)).toBe(5_000)
    for (const price of ['', 'AUDIT', '%24%7BAUCTION_PRICE%7D'])
      expect(await bill(harness, `price=${price}`)).toBe(5_000)
    expect(await formsOf(harness)).toEqual({
      unverifiable: 4,
      not_encrypted: 4,
      empty: 1,
      audit: 1,
      unexpanded: 1,
    })
    const withoutKeys = await startHarness()
    expect(await bill(withoutKeys, 'price=0.001')).toBe(1)
    expect(await bill(withoutKeys, `price=${encrypt(1_000_000)}`)).toBe(5_000)
  })

  it('never keeps a later, higher one out, whatever came first', async () => {
    const harness = await startExchange()
    const { burl } = await bidOf(harness)
    const fire = async (price: string | number) => {
      await harness.get(`${pathOf(burl)}?price=${price}&cur=USD`)
      return spentOf(harness)
    }
    // Of another impression: it was really made by the exchange, and says nothing of this one.
    expect(await fire(encrypt(10_000, KEYS, Buffer.alloc(16, 1)))).toBe(10)
    expect(await fire(encrypt(3_000_000))).toBe(3_000)
    expect(await fire(encrypt(3_000_000))).toBe(3_000)
    expect(await fire(encrypt(10_000))).toBe(3_000)
    expect(await fire('nonsense')).toBe(5_000)
    expect(await fire(encrypt(9_000_000))).toBe(5_000)
  })

  it('ignores a currency that is written beside it', async () => {
    const harness = await startExchange()
    for (const currency of ['EUR', 'JPY', 'XXX', ''])
      expect(await bill(harness, `price=${encrypt(2_000_000)}&cur=${currency}`)).toBe(2_000)
    const euros = await startExchange({ currency: 'EUR' })
    expect(await bill(euros, `price=${encrypt(2_000_000)}&cur=USD`)).toBe(2_500)
  })

  it('is for one impression where the exchange says so, and comes by the macro that it knows', async () => {
    const harness = await startExchange({ unit: 'impression', macro: 'AUCTION_PRICE:OXCRYPT' })
    const { nurl, burl } = await bidOf(harness)
    for (const address of [nurl, burl])
      expect(address).toMatch(/\?price=\$\{AUCTION_PRICE:OXCRYPT\}&cur=\$\{AUCTION_CURRENCY\}$/)
    expect(await bill(harness, `price=${encrypt(2_500)}`)).toBe(2_500)
  })

  it('is read with either key while the exchange changes them, and where a win is paid', async () => {
    const harness = await startExchange({ keys: [OTHER_KEYS, KEYS] }, { billOn: 'win' })
    for (const keys of [KEYS, OTHER_KEYS]) {
      const before = spentOf(harness)
      const { nurl } = await bidOf(harness)
      await harness.get(`${pathOf(nurl)}?price=${encrypt(1_000_000, keys)}`)
      expect(spentOf(harness) - before).toBe(1_000)
    }
  })

  it('is logged once a minute where it does not verify, and no key is shown anywhere', async () => {
    const harness = await startExchange()
    for (let i = 0; i < 3; i++) await bill(harness, 'price=forged-price')
    harness.clock.advance(60_000)
    await bill(harness, 'price=0.01')
    harness.clock.advance(60_000)
    harness.clock.advance(60_000)
    const told = harness.logged.filter(({ msg }) => String(msg).includes('could not be verified'))
    expect(told).toMatchObject([
      { seat: 'example', prices: 3, latest: 'unverifiable' },
      { seat: 'example', prices: 1, latest: 'not_encrypted' },
    ])
    const said = [
      ...['/v1/seats/example', '/metrics', '/openapi.json', '/readyz', '/v1/audit', '/v1/campaigns'],
    ].map(async (path) => JSON.stringify((await harness.get(path)).body))
    const all = [JSON.stringify(harness.logged), ...(await Promise.all(said))].join('\n')
    expect(all).toContain('example')
    for (const key of Object.values(KEYS))
      for (const shown of [
        key.slice(0, 12),
        Buffer.from(key, 'base64url').toString('hex').slice(0, 12),
        'forged-price',
      ])
        expect(all).not.toContain(shown)
  })
})
