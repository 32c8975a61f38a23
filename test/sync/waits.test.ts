import { describe, expect, it, onTestFinished } from 'vitest'
import { goOn } from '../support/harness.ts'
import { type PlayedReads, startPlayedReads } from '../support/played-reads.ts'
import { type Reads, startReads } from '../support/reads.ts'

const november = { start: '2026-11-01', end: '2026-11-07' }
const october = { start: '2026-10-01', end: '2026-10-20' }
const MINUTE_MS = 60_000

type Some = Pick<Reads | PlayedReads, 'get' | 'clock'>

/** Lets time pass in small steps until a request has ended; what was said of it on the way. */
async function followed({ get, clock }: Some, requestId: string) {
  const said: { progress: number; waitSeconds: number; atMs: number }[] = []
  for (let turn = 0; turn < 4_000; turn++) {
    const { body } = await get(`/api/v1/connectors/requests/${requestId}`)
    if (body.status !== 'queued' && body.status !== 'running') return { said, body }
    const { progress, estimated_wait_seconds: waitSeconds } = body
    said.push({ progress, waitSeconds, atMs: clock.elapsedMs() })
    await goOn()
    clock.advance(turn < 5 ? 0 : 5_000)
  }
  throw new Error('it never ended')
}

/** Asks for a report and compares the wait that was foretold with what it was. */
async function foretold(reads: Some & Pick<Reads, 'send'>, question: object) {
  const askedMs = reads.clock.elapsedMs()
  const asked = await reads.send('POST', '/api/v1/connectors/fetch', { fresh: true, ...question })
  const { said, body } = await followed(reads, asked.body.request_id)
  expect(body.status).toBe('completed')
  const tookSeconds = (reads.clock.elapsedMs() - askedMs) / 1000
  return {
    said,
    body,
    asked: asked.body,
    tookSeconds,
    ratio: asked.body.estimated_wait_seconds / tookSeconds,
  }
}

const within30 = (ratio: number) => {
  expect(ratio).toBeGreaterThan(0.7)
  expect(ratio).toBeLessThan(1.3)
}

describe('the wait for a report that a platform makes', () => {
  it.each([
    ['DV360', 300_000, { report_type: 'campaign_performance', date_range: november }],
    ['DV360', 120_000, { report_type: 'sdf' }],
    ['AMAZON_DSP', 300_000, { report_type: 'campaign_performance', date_range: november }],
    ['META', 60_000, { report_type: 'campaign_performance', date_range: october }],
    ['TTD', 600_000, { report_type: 'campaign_performance', date_range: november }],
  ])(
    '%s, in %d ms, is foretold within 30 %% by what is usual, and then by what was',
    async (type, ms, question) => {
      const reads = await startPlayedReads({ SANDBOX_REPORT_MS: String(ms) })
      onTestFinished(() => reads.service.stop())
      const { body } =
        type === 'TTD'
          ? await reads.send('POST', '/api/v1/connectors', {
              connector_type: type,
              api_key: reads.sandbox.credentials.tradedesk.apiKey,
            })
          : await reads.connect(type)
      const connector_id = body.id ?? body.connector_id
      for (const dates of ['usual', 'learned']) {
        void dates
        const { ratio, said, body: done, tookSeconds } = await foretold(reads, { connector_id, ...question })
        within30(ratio)
        const progress = said.map((one) => one.progress)
        expect(new Set(progress).size).toBeGreaterThan(3)
        expect(progress).toEqual(progress.toSorted((one, other) => one - other))
        expect(done.execution_time_ms / 1000 / tookSeconds).toBeGreaterThan(0.9)
        // Halfway, what is left is about half.
        const half = said.find(({ atMs }) => atMs - (said[0]?.atMs ?? 0) >= (tookSeconds * 1000) / 2)
        if (half) expect(Math.abs(half.waitSeconds - tookSeconds / 2)).toBeLessThan(tookSeconds * 0.3)
      }
    },
  )
})

describe('the wait of a request', () => {
  it('is learned from reports of the same kind, whatever is usual', async () => {
    const reads = await startReads()
    onTestFinished(() => reads.service.stop())
    reads.platform.polls = 8
    await reads.connect()
    const slow = {
      connector_id: (await reads.get('/api/v1/connectors')).body.connectors[0].id,
      report_type: 'slow',
      date_range: november,
    }
    await foretold(reads, slow)
    within30((await foretold(reads, slow)).ratio)
  })

  it('counts the queue ahead and the limits that it goes through', async () => {
    const reads = await startReads({ CONNECTOR_RATE_LIMITS: 'DV360=5/60' })
    onTestFinished(() => reads.service.stop())
    reads.platform.rows = [{ date: '2026-11-01', id: 'a', clicks: 1 }]
    const connector_id = await reads.connect()
    const ask = (n: number) => {
      const date = `2026-09-${String(2 * n + 1).padStart(2, '0')}`
      return { connector_id, report_type: 'performance', date_range: { start: date, end: date } }
    }
    await foretold(reads, ask(0))
    reads.clock.advance(2 * MINUTE_MS)
    for (let n = 1; n < 12; n++) {
      await reads.send('POST', '/api/v1/connectors/fetch', ask(n))
      reads.clock.advance(1)
    }
    const { ratio, asked } = await foretold(reads, ask(12))
    expect(asked.queue_position).toBeGreaterThan(1)
    within30(ratio)
  })

  it('counts the pause that a platform asks for, and does not learn from it', async () => {
    const reads = await startReads()
    onTestFinished(() => reads.service.stop())
    reads.platform.polls = 4
    const connector_id = await reads.connect()
    const slow = { connector_id, report_type: 'slow', date_range: november }
    const { tookSeconds: usual } = await foretold(reads, slow)
    reads.platform.faults.push({ status: 429, headers: { 'retry-after': '600' } })
    const { body } = await reads.send('POST', '/api/v1/connectors/fetch', { fresh: true, ...slow })
    const held = await reads.until(
      `/api/v1/connectors/requests/${body.request_id}`,
      ({ message }) => message !== undefined,
    )
    const saidMs = reads.clock.elapsedMs()
    const { body: done } = await followed(reads, body.request_id)
    within30(held.body.estimated_wait_seconds / ((reads.clock.elapsedMs() - saidMs) / 1000))
    expect(done.execution_time_ms).toBeGreaterThan(600_000)
    const next = await foretold(reads, slow)
    expect(next.asked.estimated_wait_seconds).toBeLessThan(usual * 1.3)
  })

  it('says that a call failed and is asked once more, until it is answered', async () => {
    const reads = await startReads()
    onTestFinished(() => reads.service.stop())
    await reads.connect()
    reads.platform.faults.push({ status: 503 }, { status: 503 })
    const { body } = await reads.fetchReport()
    const path = `/api/v1/connectors/requests/${body.request_id}`
    let message: string | undefined
    for (let turn = 0; turn < 500 && message === undefined; turn++) {
      await goOn()
      message = (await reads.get(path)).body.message
    }
    expect(message).toBe('Temporary issue, retrying')
    expect((await reads.ended(body.request_id)).body).toMatchObject({ status: 'completed' })
  })
})

describe('the limits of an account', () => {
  it('say when there is more room: a moment that stands still until it comes', async () => {
    const reads = await startReads()
    onTestFinished(() => reads.service.stop())
    await reads.connect()
    const limit = async () => (await reads.get('/api/v1/connectors')).body.connectors[0].rate_limit
    await reads.ended((await reads.fetchReport()).body.request_id)
    const before = await limit()
    expect(Date.parse(before.reset_at)).toBeGreaterThan(reads.clock.nowMs())
    reads.clock.advance(20_000)
    await reads.ended((await reads.fetchReport({ fresh: true })).body.request_id)
    reads.clock.advance(10_000)
    const later = await limit()
    expect(later).toMatchObject({ reset_at: before.reset_at })
    expect(later.remaining).toBeLessThan(before.remaining)
    reads.clock.advance(Date.parse(before.reset_at) - reads.clock.nowMs())
    const after = await limit()
    expect(after.remaining).toBeGreaterThan(later.remaining)
    expect(Date.parse(after.reset_at)).toBeGreaterThan(reads.clock.nowMs())
  })
})

it('shares the cost of calls in four decimals', async () => {
  const reads = await startReads({ CONNECTOR_CALL_COST: '0.01' })
  onTestFinished(() => reads.service.stop())
  await reads.connect()
  reads.platform.faults.push('hang')
  await reads.fetchReport({ report_type: 'file' })
  const asked = []
  for (const end of ['2026-11-01', '2026-11-02', '2026-11-03'])
    asked.push(await reads.fetchReport({ date_range: { start: '2026-11-01', end } }))
  const costs = []
  for (const { body } of asked) costs.push((await reads.ended(body.request_id)).body.cost)
  expect(costs).toEqual([0.0034, 0.0034, 0.0034])
})
