import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { goOn, type Harness, startHarness, stopped, until } from '../support/harness.ts'

interface Seen {
  readonly id: string | undefined
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects of an event
  readonly data: any
}

interface Reader {
  readonly response: Response
  readonly seen: Seen[]
  /** Everything as it came, comments included. */
  text(): string
  isOver(): boolean
  hangUp(): void
}

/** Reads a stream until one side ends it. */
async function read({ url }: Harness, headers: Record<string, string> = {}): Promise<Reader> {
  const hanging = new AbortController()
  onTestFinished(() => hanging.abort())
  const response = await fetch(`${url}/v1/stream`, { headers, signal: hanging.signal })
  const seen: Seen[] = []
  let [text, rest, isOver] = ['', '', false]
  const reading = async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      const frames = (rest + chunk).split('\n\n')
      rest = frames.pop() ?? ''
      for (const frame of frames) {
        const fields = new Map(
          frame.split('\n').map((line) => [line.split(': ', 1)[0], line.replace(/^\w*: /, '')] as const),
        )
        const event = fields.get('event')
        if (event) seen.push({ id: fields.get('id'), event, data: JSON.parse(fields.get('data') ?? '') })
      }
    }
  }
  reading()
    .catch(() => undefined)
    .finally(() => {
      isOver = true
    })
  return { response, seen, text: () => text, isOver: () => isOver, hangUp: () => hanging.abort() }
}

/** Lets time pass, a tick at a time, until it is so. */
async function untilTold(harness: Harness, holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    if (turn > 400) throw new Error('it never came to be')
    harness.clock.advance(250)
    await goOn(0)
  }
}

const named = (reader: Reader, event: string) => reader.seen.filter((one) => one.event === event)
const entry = (name: string, scopes: string, key: string) =>
  `${name}:${scopes}:${hashKey(key).toString('hex')}`
const as = (key: string) => ({ authorization: `Bearer ${key}` })

describe('GET /v1/stream', () => {
  it('tells bids, refusals, budgets and the kill switch as they happen', async () => {
    const harness = await startHarness()
    const reader = await read(harness)
    expect(reader.response.headers.get('content-type')).toBe('text/event-stream')
    await until(() => reader.seen.length > 0)
    expect(reader.seen).toMatchObject([{ event: 'open', data: { resumed: false } }])

    await harness.bid({ bidAmount: 125 })
    await harness.bid({ bidAmount: 400 })
    await untilTold(harness, () => named(reader, 'bid').length === 2)
    expect(named(reader, 'bid').map(({ data }) => data)).toMatchObject([
      { status: 'placed', bidAmount: 125, campaignId: 'c1' },
      { status: 'refused', code: 'budget_exceeded' },
    ])
    const spent = () =>
      named(reader, 'budget').some(
        ({ data }) => data.scope === 'platform:google_ads' && data.limits[0].spent === 125,
      )
    await untilTold(harness, spent)

    const before = reader.seen.length
    await harness.send('POST', '/v1/kill-switch', { engaged: true, reason: 'prices look wrong' })
    harness.clock.advance(250)
    await until(() => reader.seen.length > before)
    expect(reader.seen.at(-1)).toMatchObject({
      event: 'kill_switch',
      data: { engaged: true, reason: 'prices look wrong' },
    })
    await harness.send('POST', '/v1/budgets/platform:meta/pause', { reason: 'a launch' })
    harness.clock.advance(250)
    await untilTold(harness, () =>
      named(reader, 'budget').some(({ data }) => data.pauseReason === 'a launch'),
    )
  })

  it('tells breakers, and what seats have counted', async () => {
    const harness = await startHarness()
    const reader = await read(harness)
    await untilTold(harness, () => named(reader, 'breaker').length === 3)
    harness.sandbox.faults.add({ platform: 'meta', times: 100, fault: { is: 'http', status: 500 } })
    for (let bids = 0; bids < 8; bids++) await harness.bid({ platform: 'meta', bidAmount: 1 })
    await untilTold(harness, () =>
      named(reader, 'breaker').some(({ data }) => data.platform === 'meta' && data.state === 'open'),
    )
    const request = { id: '1', imp: [{ id: '1', banner: { w: 300, h: 250 } }], tmax: 200 }
    await harness.send('POST', '/openrtb2/example/bid', request)
    await untilTold(harness, () => named(reader, 'auctions').length > 0)
    expect(named(reader, 'auctions')[0]?.data).toMatchObject({ seat: 'example', requests: 1 })
  })

  it('shows no more bids than a browser can take, and says how many more there were', async () => {
    const harness = await startHarness()
    const reader = await read(harness)
    await Promise.all(Array.from({ length: 40 }, () => harness.bid({ dryRun: true, bidAmount: 1 })))
    await untilTold(harness, () => named(reader, 'skipped').length > 0)
    await untilTold(harness, () => named(reader, 'bid').length === 25)
    expect(named(reader, 'skipped').map(({ data }) => data)).toEqual([{ bids: 15, notices: 0 }])
  })

  it('goes on after the last event that was seen, or says that it cannot', async () => {
    const harness = await startHarness()
    const first = await read(harness)
    await harness.bid({ dryRun: true, bidAmount: 1 })
    await untilTold(harness, () => named(first, 'bid').length === 1)
    const lastId = first.seen.at(-1)?.id ?? ''
    first.hangUp()
    await until(first.isOver)
    const { bidId } = (await harness.bid({ bidAmount: 2 })).body
    harness.clock.advance(250)

    const second = await read(harness, { 'last-event-id': lastId })
    await untilTold(harness, () => named(second, 'bid').length > 0)
    expect(second.seen[0]).toMatchObject({ event: 'open', data: { resumed: true } })
    expect(named(second, 'bid').map(({ data }) => data.bidId)).toEqual([bidId])
    second.hangUp()
    await until(second.isOver)

    // A minute later nothing is kept any more.
    await goOn()
    harness.clock.advance(61_000)
    for (const id of [lastId, '00000000-1', 'nonsense', '9'.repeat(2_000)]) {
      const late = await read(harness, { 'last-event-id': id })
      await until(() => late.seen.length > 0)
      expect(late.seen[0]).toMatchObject({ event: 'reset', data: {} })
      late.hangUp()
    }
  })

  it('shows an organisation what is its own', async () => {
    const harness = await startHarness({
      API_KEYS: [
        entry('ops', 'admin', 'k-ops'),
        entry('seven@7', 'read+bid', 'k-seven'),
        entry('ml', 'bid', 'k-ml'),
      ].join(),
    })
    expect((await harness.get('/v1/stream', as('k-ml'))).status).toBe(403)
    expect((await harness.get('/v1/stream')).status).toBe(401)
    for (const scope of ['campaign:google_ads:c1@7', 'campaign:google_ads:c2'])
      await harness.send('PUT', `/v1/budgets/${scope}`, { limits: [] }, as('k-ops'))
    const seven = await read(harness, as('k-seven'))
    const ops = await read(harness, as('k-ops'))
    for (let bids = 0; bids < 2; bids++) await harness.bid({ campaignId: 'c2', bidAmount: 3 }, as('k-ops'))
    await harness.bid({ bidAmount: 4 }, as('k-seven'))
    await harness.send('POST', '/v1/kill-switch', { engaged: true, reason: 'ours alone' }, as('k-ops'))
    await untilTold(harness, () => named(ops, 'bid').length === 3 && named(seven, 'bid').length > 0)
    await untilTold(harness, () => named(ops, 'kill_switch').some(({ data }) => data.engaged))
    const budgets = () => [...new Set(named(seven, 'budget').map(({ data }) => data.scope))].toSorted()
    await untilTold(harness, () => budgets().length > 1)
    expect(budgets()).toEqual(['campaign:google_ads:c1', 'org:7'])
    expect(named(seven, 'bid').map(({ data }) => data.bidAmount)).toEqual([4])
    expect(seven.seen.filter(({ event }) => !['open', 'bid', 'budget'].includes(event))).toEqual([])
    // An id is no number: it would tell how much happens at others meanwhile.
    for (const { id } of seven.seen) expect(id).toMatch(/^[\w-]{22}$/)
  })

  it('has half of its places for one organisation, however many keys it has', async () => {
    const API_KEYS = [
      entry('a@7', 'read', 'k-a'),
      entry('b@7', 'read', 'k-b'),
      entry('ops', 'read', 'k-ops'),
    ].join()
    const harness = await startHarness({ API_KEYS, TABLE_LIMITS: 'streams=2' })
    const status = async (key: string) => (await read(harness, as(key))).response.status
    expect([await status('k-a'), await status('k-b'), await status('k-ops')]).toEqual([200, 429, 200])
  })

  it('sends a comment where nothing happens, and has half of its places for one caller', async () => {
    const harness = await startHarness({ TABLE_LIMITS: 'streams=4' })
    const readers = [await read(harness), await read(harness)]
    expect((await harness.get('/v1/stream')).body).toMatchObject({ status: 429, code: 'rate_limited' })
    const { body } = await harness.get('/metrics')
    expect(body).toContain('bidwarden_table_rows{table="streams",when_full="refuses"} 2')
    await untilTold(harness, () => readers[0]?.text().includes(': still here') ?? false)
    readers[0]?.hangUp()
    await until(() => readers[0]?.isOver() ?? false)
    let third: Reader | undefined
    await expect
      .poll(async () => {
        third = await read(harness)
        return third.response.status
      })
      .toBe(200)
  })

  it('cuts a reader that does not read, and ends all others when the service stops', async () => {
    const harness = await startHarness()
    const { port, hostname } = new URL(harness.url)
    const lazy = connect({ port: Number(port), host: hostname })
    onTestFinished(() => void lazy.destroy())
    let isCut = false
    lazy
      .on('error', () => undefined)
      .on('close', () => {
        isCut = true
      })
    lazy.write(`GET /v1/stream HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`)
    await new Promise((resolve) => lazy.once('data', resolve))
    lazy.pause()
    const reader = await read(harness)
    await until(() => reader.seen.length > 0)
    const first = reader.seen[0]?.id ?? ''
    const open = async () => (await harness.get('/metrics')).body.match(/table="streams",.*} (\d+)/)?.[1]
    expect(await open()).toBe('2')
    const explanation = 'x'.repeat(1_999)
    for (let rounds = 0; rounds < 2_000 && (await open()) === '2'; rounds++) {
      const bids = Array.from({ length: 100 }, () => ({
        ...{ customerId: 'c', campaignId: 'c1', platform: 'google_ads', predictedLtv: 9, bidAmount: 1 },
        dryRun: true,
        explanation,
      }))
      await harness.send('POST', '/v1/bids/batch', { bids })
      harness.clock.advance(1_000)
      await goOn(0)
    }
    expect(await open()).toBe('1')
    expect(reader.isOver()).toBe(false)
    // Whoever comes back is not sent more at once than a reader may leave unread.
    const late = await read(harness, { 'last-event-id': first })
    await until(() => late.seen.length > 0)
    expect(late.seen.map(({ event }) => event)).toEqual(['reset'])
    late.hangUp()
    await expect.poll(open).toBe('1')
    lazy.resume()
    await until(() => isCut)
    await stopped(harness.service, harness.clock)
    await until(reader.isOver)
  })
})
