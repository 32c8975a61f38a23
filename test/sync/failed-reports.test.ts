import { describe, expect, it } from 'vitest'
import type { FaultRule } from '../../src/sandbox/index.ts'
import { type PlayedReads, startPlayedReads } from '../support/played-reads.ts'

interface Made {
  readonly type: string
  readonly report: { readonly report_type: string; readonly date_range?: object }
  readonly target: FaultRule['platform']
  /** Where it is looked whether the report is made, and where it is ordered. */
  readonly look: string
  readonly order: readonly [method: string, path: string]
}
const november = { start: '2026-11-01', end: '2026-11-20' }
const performance = { report_type: 'campaign_performance', date_range: november }
const MADE: readonly Made[] = [
  { type: 'META', report: performance, target: 'meta', look: '/60230', order: ['POST', '/insights'] },
  {
    type: 'DV360',
    report: { ...performance, report_type: 'line_item_performance' },
    target: 'bid_manager',
    look: '/reports/',
    order: ['POST', ':run'],
  },
  {
    type: 'DV360',
    report: { report_type: 'sdf' },
    target: 'dv360',
    look: '/operations/',
    order: ['POST', '/sdfdownloadtasks'],
  },
  {
    type: 'AMAZON_DSP',
    report: performance,
    target: 'amazon',
    look: '/dsp/reports/',
    order: ['POST', '/dsp/reports'],
  },
  {
    type: 'TTD',
    report: performance,
    target: 'tradedesk',
    look: 'reportexecution/query',
    order: ['POST', '/reportschedule'],
  },
]

async function connected(type: string) {
  const reads = await startPlayedReads()
  const { apiKey: api_key } = reads.sandbox.credentials.tradedesk
  const { body } =
    type === 'TTD'
      ? await reads.send('POST', '/api/v1/connectors', { connector_type: type, api_key })
      : await reads.connect(type, type === 'META' ? { account_id: 'act_700000000000002' } : {})
  return { reads, id: String(body.connector_id ?? body.id) }
}

const count = ({ sandbox }: PlayedReads, [method, path]: Made['order']) =>
  sandbox.ledger.requests.filter((one) => one.method === method && one.path.endsWith(path)).length

/** The calls whose breakers opened. */
async function opened({ service }: PlayedReads): Promise<string[]> {
  const { db } = service.reads?.store ?? {}
  const events = await db?.selectFrom('events').select('data').where('type', '=', 'circuit_opened').execute()
  return (events ?? []).map(({ data }) => JSON.parse(data).calls)
}

describe('a report that a platform fails to make', () => {
  it.each(MADE)(
    'is ordered again from $type ($report.report_type) after a while, by the same job',
    async (made) => {
      const { reads, id } = await connected(made.type)
      const path = made.look === '/60230' ? '/6023' : made.look
      reads.sandbox.faults.add({
        platform: made.target,
        method: made.order[0] === 'POST' && made.type === 'TTD' ? 'POST' : 'GET',
        path,
        times: 2,
        fault: { is: 'job_failed' },
      })
      const begunMs = reads.clock.nowMs()
      const done = await reads.fetched(id, made.report)
      expect(done.body).toMatchObject({ status: 'completed' })
      expect(count(reads, made.order)).toBe(3)
      expect(reads.clock.nowMs() - begunMs).toBeGreaterThanOrEqual(10_000 + 20_000)
      expect(await opened(reads)).toEqual([])
    },
  )

  it('again and again is a temporary failure', async () => {
    const { reads, id } = await connected('META')
    const { faults } = reads.sandbox
    const rule = { platform: 'meta', method: 'GET', times: 'always' } as const
    faults.add({ ...rule, path: '/6023', fault: { is: 'job_failed' } })
    faults.add({ ...rule, path: '/insights', fault: { is: 'error', name: 'code_100_1487534' } })
    const day = { ...performance, date_range: { start: '2026-11-01', end: '2026-11-01' } }
    const { body } = await reads.fetched(id, day)
    expect(body).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/^Temporary issue: Meta failed to report 2026-11-01: code -2\/2490547: /),
    })
    expect(count(reads, ['POST', '/insights'])).toBe(6)
    expect(await opened(reads)).toEqual([])
  })

  it.each([
    ['code_2601_1815107', '/6023'],
    ['code_1_99', '/insights'],
    ['code_104', '/insights'],
    ['code_100', '/insights'],
  ])('leaves the platform to others when it fails with %s at %s', async (name, path) => {
    const { reads, id } = await connected('META')
    const fault = { is: 'error', name } as const
    reads.sandbox.faults.add({ platform: 'meta', path, method: 'GET', times: 'always', fault })
    for (let turn = 0; turn < (path === '/6023' ? 1 : 3); turn++)
      expect((await reads.fetched(id, performance)).body.status).toBe('failed')
    expect(await opened(reads)).toEqual([])
  })
})

it('that has too many rows for an answer is made meanwhile', async () => {
  const { reads, id } = await connected('META')
  reads.sandbox.faults.add({
    platform: 'meta',
    path: '/act_700000000000002/insights',
    method: 'GET',
    times: 'always',
    fault: { is: 'error', name: 'code_100_1487534' },
  })
  const done = await reads.fetched(id, {
    ...performance,
    date_range: { start: '2026-11-01', end: '2026-11-05' },
  })
  expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 15 } })
  expect(
    reads.sandbox.ledger.requests
      .filter(({ path }) => path.includes('act_700000000000002/insights'))
      .map(({ method }) => method),
  ).toEqual(['GET', 'POST'])
})
