import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/config.ts'
import { TABLE_NAMES } from '../../src/metrics/tables.ts'
import { startHarness } from '../support/harness.ts'
import { startReads } from '../support/reads.ts'

/** Tables whose limits have variables of their own. */
const OTHERS = ['predictions', 'prediction_bytes', 'changes', 'report_file_bytes']

type Get = (path: string) => Promise<{ body: string }>

async function lengthOf(get: Get, table: string): Promise<number> {
  const { body } = await get('/metrics')
  return Number(new RegExp(`^bidwarden_table_rows\\{table="${table}",[^}]*\\} (\\S+)$`, 'm').exec(body)?.[1])
}

const campaign = {
  seat: 'example',
  advertiserDomain: 'advertiser.example',
  price: { cpmPerLtv: 0.05, minCpm: 1, maxCpm: 5 },
  creatives: [{ id: 'c', type: 'banner', sizes: [{ w: 1, h: 1 }], markup: '<a>' }],
}

describe('tables', () => {
  it('are all told in the metrics, with their limits, and described', async () => {
    const { get } = await startHarness({ TABLE_LIMITS: 'decisions=7' })
    const { body } = await get('/metrics')
    const told = body.match(/(?<=^bidwarden_table_limit\{table=")\w+/gm)
    expect(told.toSorted()).toEqual([...TABLE_NAMES, ...OTHERS].toSorted())
    expect(body).toContain('bidwarden_table_limit{table="decisions",when_full="forgets"} 7')
    const described = readFileSync('docs/limits.md', 'utf8').match(/(?<=^\| `)\w+(?=` \|)/gm) ?? []
    expect(described).toEqual(expect.arrayContaining([...TABLE_NAMES, ...OTHERS]))
  })

  it('on the disk have sizes in the metrics', async () => {
    const { get, send, clock } = await startHarness({ STORE: 'sqlite', RECORDS_MAX_BYTES: '9000000' })
    const { body } = await send('POST', '/v1/budgets/campaign:meta:c1/pause', { reason: 'full' })
    expect(body.paused).toBe(true)
    const size = async (file: string) =>
      Number(
        new RegExp(`^bidwarden_file_bytes\\{file="${file}"\\} (\\S+)$`, 'm').exec(
          (await get('/metrics')).body,
        )?.[1],
      )
    clock.advance(60_000)
    for (const file of ['ledger', 'records', 'database'])
      await expect.poll(() => size(file)).toBeGreaterThan(10_000)
    expect((await get('/metrics')).body).toContain('bidwarden_file_limit_bytes{file="records"} 9000000')
    await expect.poll(() => lengthOf(get, 'changes')).toBeGreaterThan(0)
    clock.advance(600_000)
    await expect.poll(() => size('reports')).toBe(0)
  })

  it('have limits by names that there are, and numbers that can be', () => {
    for (const [wrong, why] of [
      ['bids=5', 'has no table bids'],
      ['budgets=0', 'budgets must be 1 to'],
      ['budgets=1e9', 'budgets must be 1 to'],
      ['budgets', 'budgets must be 1 to'],
      ['__proto__=5', 'has no table __proto__'],
    ] as const)
      expect(() => parseConfig({ TABLE_LIMITS: wrong })).toThrow(`TABLE_LIMITS: ${why}`)
  })

  it('refuse a budget and a campaign too many', async () => {
    const limits = 'budgets=12,campaigns=9'
    const { send, get } = await startHarness({ TABLE_LIMITS: limits })
    const put = (id: number) => send('PUT', `/v1/budgets/campaign:meta:c${id}`, { limits: [] })
    const have = await lengthOf(get, 'budgets')
    for (let id = have; id < 12; id++) expect((await put(id)).status).toBe(200)
    expect(await put(99)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('TABLE_LIMITS') },
    })
    expect(await lengthOf(get, 'budgets')).toBe(12)

    for (let id = await lengthOf(get, 'campaigns'); id < 9; id++)
      expect((await send('PUT', `/v1/campaigns/c${id}`, campaign)).status).toBe(200)
    expect((await send('PUT', '/v1/campaigns/more', campaign)).body.detail).toContain('TABLE_LIMITS')
    expect((await send('PUT', '/v1/campaigns/c8', campaign)).status).toBe(200)
  })

  it('never refuse a pause: budgets whose pause has ended make room, and then the platform is paused', async () => {
    const { send, get, bid } = await startHarness({ TABLE_LIMITS: 'budgets=1,paused_budgets=29' })
    const pause = (id: string) => send('POST', `/v1/budgets/campaign:meta:${id}/pause`)
    const left = 30 - (await get('/v1/budgets')).body.budgets.length
    for (let id = 0; id < left; id++) expect((await pause(`c${id}`)).body.scope).toBe(`campaign:meta:c${id}`)
    await send('POST', '/v1/budgets/campaign:meta:c0/resume')
    expect((await pause('d')).body).toMatchObject({ scope: 'campaign:meta:d', paused: true })
    expect((await pause('e')).body).toMatchObject({ scope: 'platform:meta', paused: true })
    expect((await bid({ platform: 'meta', campaignId: 'e' })).body.code).toBe('paused')
  })

  it('forget the oldest decision, key, caller and notification', async () => {
    const limits = 'decisions=3,idempotency_keys=2,callers=1'
    const { bid, get } = await startHarness({ TABLE_LIMITS: limits })
    const ids: string[] = []
    for (let i = 0; i < 5; i++)
      ids.push((await bid({ bidAmount: 1, dryRun: true }, { 'idempotency-key': `k${i}` })).body.bidId)
    const { body } = await get('/v1/bids')
    expect(body.bids.map((one: { bidId: string }) => one.bidId)).toEqual(ids.slice(2).reverse())
    expect(await lengthOf(get, 'decisions')).toBe(3)
    expect(await lengthOf(get, 'idempotency_keys')).toBe(2)
    expect(await lengthOf(get, 'callers')).toBe(1)
  })

  it('bound the bids at exchanges that are open', async () => {
    const { send, get, clock } = await startHarness({
      TABLE_LIMITS: 'open_bids=4096',
      OPENRTB_BUDGET: '1000000',
      OPENRTB_MAX_REQUEST_SHARE: '1',
    })
    const imp = Array.from({ length: 100 }, (_, i) => ({ id: `${i}`, banner: { w: 300, h: 250 } }))
    const auction = () =>
      send('POST', '/openrtb2/example/bid', { id: '1', imp, ext: { bidwarden: { debug: true } } })
    let answer = await auction()
    for (let asked = 1; answer.status === 200 && answer.body.seatbid?.length > 0 && asked < 200; asked++)
      answer = await auction()
    expect(JSON.stringify(answer.body)).toContain('too_many_open_bids')
    expect(await lengthOf(get, 'open_bids')).toBe(8192)
    // Once their time is over there is room again.
    for (let second = 0; second < 302; second++) clock.advance(1_000)
    for (let asked = 0; asked < 256; asked++) answer = await auction()
    expect(JSON.stringify(answer.body.seatbid)).toContain('impid')
  })
})

describe('tables of connections', () => {
  it('refuse a connection, a request and a stream too many', async () => {
    const reads = await startReads({ TABLE_LIMITS: 'connections=1,waiting_requests=2,event_streams=2' })
    const id = await reads.connect()
    await expect(reads.connect()).rejects.toThrow('as many as an organisation may have')
    reads.platform.faults.push('hang')
    const answers = []
    for (let i = 0; i < 3; i++)
      answers.push(
        (
          await reads.fetchReport({
            date_range: { start: `2026-10-0${1 + 2 * i}`, end: `2026-10-0${1 + 2 * i}` },
          })
        ).status,
      )
    expect(answers).toEqual([200, 200, 429])
    for (const resource of ['connectors', 'integrations'])
      expect((await reads.send('POST', `/api/v1/${resource}/${id}/sync`)).status).toBe(429)

    const streams = []
    for (let i = 0; i < 2; i++) streams.push(await fetch(`${reads.url}/api/v1/events`))
    expect(streams.map(({ status }) => status)).toEqual([200, 429])
    await streams[0]?.body?.cancel()
    let again = await fetch(`${reads.url}/api/v1/events`)
    for (let turn = 0; again.status === 429 && turn < 1_000; turn++)
      again = await fetch(`${reads.url}/api/v1/events`)
    expect(again.status).toBe(200)
    await again.body?.cancel()
  })

  it('forget the oldest authorization, request, event, webhook and suppression', async () => {
    const limits = 'authorizations=2,requests=1,events=1,webhooks=1,suppressions=1'
    const reads = await startReads({ TABLE_LIMITS: limits })
    await reads.connect()
    const ids: string[] = []
    for (const day of ['01', '03', '05']) {
      const range = { start: `2026-10-${day}`, end: `2026-10-${day}` }
      const { body } = await reads.fetchReport({ date_range: range })
      ids.push(body.request_id)
      await reads.ended(body.request_id)
      reads.clock.advance(1_000)
    }
    const begin = { connector_type: 'DV360', callback_url: 'http://127.0.0.1:9/back' }
    const states = []
    for (let i = 0; i < 3; i++) {
      states.push((await reads.send('POST', '/api/v1/connectors/oauth/initiate', begin)).body)
      reads.clock.advance(1_000)
    }
    const first = await reads.platform.authorize(states[0].authorization_url)
    const { code, state } = Object.fromEntries(first.searchParams)
    const late = await reads.send('POST', '/api/v1/connectors/oauth/callback', { code, state })
    expect(late.body.field).toBe('state')

    await reads.until('/api/v1/connectors/requests', ({ requests }) => requests.length === 1, 10_000)
    expect((await reads.get(`/api/v1/connectors/requests/${ids[0]}`)).status).toBe(404)
    expect(await lengthOf(reads.get, 'events')).toBe(1)
    expect(await lengthOf(reads.get, 'requests')).toBe(1)
  })
})
