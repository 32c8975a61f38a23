import { describe, expect, it } from 'vitest'
import type { FaultRule } from '../../src/sandbox/index.ts'
import { type PlayedReads, startPlayedReads } from '../support/played-reads.ts'

/** What platforms answer on a bad day: whatever it is, nothing is lost or made up without a word. */

const DAY = { start: '2026-11-01', end: '2026-11-01' }
const performance = { report_type: 'campaign_performance', date_range: DAY }

interface Place {
  readonly type: string
  readonly report: object
  readonly platform: FaultRule['platform']
  readonly method: string
  /** Of the answer, or the file, that has the rows. */
  readonly path: string
}
const at = (
  type: string,
  platform: Place['platform'],
  path: string,
  report: object,
  method = 'GET',
): Place => ({
  type,
  report,
  platform,
  method,
  path,
})
const META = at('META', 'meta', '/insights', performance)
const GOOGLE_ADS = at('GOOGLE_ADS', 'google_ads', ':searchStream', performance, 'POST')
const GA4 = at('GA4', 'ga4', ':runReport', { ...performance, fields: ['sessions'] }, 'POST')
const TTD = at('TTD', 'tradedesk', '.csv', performance)
const DV360_FIELDS = { ...performance, fields: ['impressions', 'cost_micros'] }
const DV360 = at('DV360', 'bid_manager', '.csv', DV360_FIELDS)
const AMAZON = at('AMAZON_DSP', 'amazon', '/files/', { ...performance, fields: ['impressions'] })
const SHEETS = at('SHEETS', 'sheets', '/values/', { report_type: 'rows' })
const RESEND = at('RESEND', 'resend', '/emails', { report_type: 'emails', date_range: DAY })
const campaigns = { report_type: 'campaigns' }

async function connected(type: string): Promise<{ reads: PlayedReads; id: string }> {
  const reads = await startPlayedReads()
  const { apiKey } = reads.sandbox.credentials.tradedesk
  const key = { TTD: apiKey, RESEND: 're_sandbox_full' }[type]
  const settings = { spreadsheet_id: 'sandbox-crm', range: 'CRM' }
  const { body } = key
    ? await reads.send('POST', '/api/v1/connectors', { connector_type: type, api_key: key, settings: {} })
    : await reads.connect(type, {
        ...(type === 'META' && { account_id: 'act_700000000000002' }),
        ...(type === 'AMAZON_DSP' && { account_id: '1001:5001' }),
        ...(type === 'SHEETS' && { settings }),
      })
  return { reads, id: String(body.connector_id ?? body.id) }
}

/** Reads what a place has, where this comes in place of its answer. */
async function answered({ type, report, platform, method, path }: Place, answer: unknown, status = 200) {
  const { reads, id } = await connected(type)
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
  reads.sandbox.faults.add({
    platform,
    method,
    path,
    times: 'always',
    fault: { is: 'instead', status, text },
  })
  const { body } = await reads.fetched(id, report)
  const rows = body.status === 'completed' ? await reads.rowsOf(body.request_id) : undefined
  const { body: listed } = await reads.get('/api/v1/connectors')
  return {
    status: body.status,
    error: body.error,
    caveats: body.result?.caveats,
    rows,
    connection: listed.connectors[0],
  }
}

const metaRow = (more: object = {}) => ({
  campaign_id: '1',
  impressions: '185',
  spend: '14.35',
  date_start: '2026-11-01',
  date_stop: '2026-11-01',
  ...more,
})
const ga4Page = (more: object = {}) => ({
  dimensionHeaders: [
    'date',
    'sessionSource',
    'sessionMedium',
    'sessionCampaignId',
    'sessionCampaignName',
  ].map((name) => ({ name })),
  metricHeaders: [{ name: 'sessions' }],
  rows: [
    {
      dimensionValues: ['20261101', 'a', 'b', 'c', 'd'].map((value) => ({ value })),
      metricValues: [{ value: '4' }],
    },
  ],
  rowCount: 1,
  ...more,
})
const adsRow = (date: string) => ({
  campaign: { id: '1' },
  metrics: { clicks: '2', costMicros: '5' },
  segments: { date },
})
const TTD_COLUMNS = 'Date,Campaign ID,Campaign,Impressions,Clicks,Advertiser Cost (Adv Currency)'
const DV360_COLUMNS = 'Date,Campaign,Campaign ID,Impressions,Revenue (Adv Currency)'

describe('an answer that is another than what was asked for is no empty one', () => {
  it.each<[string, Place, unknown]>([
    ['META', META, {}],
    ['GOOGLE_ADS', GOOGLE_ADS, {}],
    ['GA4', GA4, {}],
    ['SHEETS', SHEETS, {}],
    ['SHEETS as a list', SHEETS, []],
    ['RESEND', RESEND, {}],
    ['AMAZON_DSP', AMAZON, {}],
    ['AMAZON_DSP as text', AMAZON, '"maintenance"'],
    ['AMAZON_DSP as null', AMAZON, 'null'],
    ['AMAZON_DSP, an object of records', AMAZON, { a: { date: '20261101', orderId: '1', impressions: 7 } }],
    ['orders of AMAZON_DSP', { ...AMAZON, path: '/dsp/orders', report: campaigns }, {}],
    ['campaigns of DV360', at('DV360', 'dv360', '/advertisers/', campaigns), []],
    ['campaigns of DV360 as null', at('DV360', 'dv360', '/advertisers/', campaigns), 'null'],
    ['TTD', TTD, '<html>'],
    ['DV360', DV360, '{"error":1}'],
  ])('%s', async (_name, place, answer) => {
    const { status, error } = await answered(place, answer)
    expect({ status, error }).toEqual({ status: 'failed', error: expect.stringMatching(/\w/) })
  })
})

describe('a row of a date that was not asked for', () => {
  const other = '2026-10-31'
  it.each<[string, Place, unknown, Record<string, unknown>]>([
    ['META', META, { data: [metaRow({ date_start: other, date_stop: other })] }, { cost_micros: 14_350_000 }],
    [
      'META, several days in one',
      META,
      { data: [metaRow({ date_stop: '2026-11-05' })] },
      { impressions: 185 },
    ],
    ['GOOGLE_ADS', GOOGLE_ADS, [{ results: [adsRow('(other)')] }], { clicks: 2 }],
    ['TTD', TTD, `${TTD_COLUMNS}\n${other},c1,A,10,1,1.00\n`, { clicks: 1, cost_micros: 1_000_000 }],
    ['DV360', DV360, `${DV360_COLUMNS}\n${other},A,9,10,1.00\n`, { impressions: 10 }],
    ['AMAZON_DSP', AMAZON, [{ date: '20261399', orderId: '1', impressions: 7 }], { impressions: 7 }],
  ])(
    'of %s is in the file without one, and told of with what it has',
    async (_name, place, answer, figures) => {
      const { rows, caveats } = await answered(place, answer)
      expect(rows).toEqual([expect.objectContaining({ ...figures, date: null })])
      expect(caveats).toContainEqual(
        expect.stringMatching(/^1 row of no date that was asked for \(such as ".+"\) .*: .*\d/),
      )
    },
  )

  it('does not replace what is known of that date', async () => {
    const { reads, id } = await connected('META')
    const before = { ...performance, date_range: { start: '2026-10-31', end: '2026-10-31' } }
    const known = await reads.rowsOf((await reads.fetched(id, before)).body.request_id)
    const text = JSON.stringify({
      data: known.map((row) => metaRow({ ...row, date_start: '2026-10-31', date_stop: '2026-10-31' })),
    })
    reads.sandbox.faults.add({
      platform: 'meta',
      method: 'GET',
      path: '/insights',
      fault: { is: 'instead', text },
    })
    reads.clock.advance(600_000)
    await reads.fetched(id, performance)
    reads.sandbox.faults.add({
      platform: 'meta',
      path: '/insights',
      times: 'always',
      fault: { is: 'error', name: 'code_100' },
    })
    const { store } = reads.service.reads ?? {}
    const stored = await store?.db
      .selectFrom('report_rows')
      .select('data')
      .where('date', '=', '2026-10-31')
      .execute()
    expect(stored?.map(({ data }) => JSON.parse(data).cost_micros)).toEqual(
      known.map(({ cost_micros }) => cost_micros),
    )
  })
})

describe('rows with the same key', () => {
  it.each<[string, Place, unknown, object]>([
    [
      'META',
      META,
      { data: [metaRow(), metaRow({ spend: '1.00' }), metaRow({ spend: '1.00' })] },
      { cost_micros: 1e6 },
    ],
    [
      'GOOGLE_ADS',
      GOOGLE_ADS,
      [{ results: [adsRow('2026-11-01'), { ...adsRow('2026-11-01'), metrics: { clicks: '3' } }] }],
      { clicks: 3 },
    ],
    [
      'GA4',
      GA4,
      ga4Page({
        rows: [...ga4Page().rows, { ...ga4Page().rows[0], metricValues: [{ value: '6' }] }],
        rowCount: 2,
      }),
      { sessions: 6 },
    ],
  ])(
    'of one answer of %s are told of where they differ, and the last counts',
    async (_name, place, answer, figures) => {
      const { rows, caveats } = await answered(place, answer)
      expect(rows).toEqual([expect.objectContaining(figures)])
      expect(caveats).toContainEqual(
        '1 row is not in the result: what names it came again with other figures, and the last of them count',
      )
    },
  )
})

describe('figures', () => {
  it('of purchases are null where the list of actions cannot be read', async () => {
    const list = [
      metaRow({ campaign_id: '1', actions: [{ action_type: 'purchase', '1d_click': '2' }] }),
      metaRow({ campaign_id: '2', actions: null }),
      metaRow({ campaign_id: '3', actions: { purchase: 3 } }),
      metaRow({ campaign_id: '4', actions: [{ action_type: 'link_click', value: '9' }] }),
      metaRow({ campaign_id: '5' }),
    ]
    const { rows, caveats } = await answered(META, { data: list })
    expect(rows?.map(({ purchases }) => purchases)).toEqual([null, null, null, 0, 0])
    expect(caveats).toContainEqual('purchases: 3 values are missing, null in the rows')
  })

  it('of one purchase that is listed under several names are counted once', async () => {
    const actions = [
      'omni_purchase',
      'purchase',
      'offsite_conversion.fb_pixel_purchase',
      'onsite_web_purchase',
    ]
    const listed = actions.map((action_type) => ({ action_type, value: '3' }))
    const { rows } = await answered(META, { data: [metaRow({ actions: listed, action_values: listed })] })
    expect(rows).toEqual([expect.objectContaining({ purchases: 3, purchase_value_micros: 3_000_000 })])
  })

  it('that are counted are not guessed from a point that may set off thousands', async () => {
    const { rows, caveats } = await answered(TTD, `${TTD_COLUMNS}\n2026-11-01,c1,A,1.234,1,1.234\n`)
    expect(rows).toEqual([expect.objectContaining({ impressions: null, clicks: 1, cost_micros: 1_234_000 })])
    expect(caveats).toContainEqual(
      expect.stringContaining('impressions: 1 value (such as "1.234") is written so that'),
    )
  })

  it('that were never set are null: a campaign without a daily budget has none of 0', async () => {
    const results = [{ campaign: { id: '1', name: 'x' }, campaignBudget: {}, adGroup: { id: '2' } }]
    const { rows } = await answered({ ...GOOGLE_ADS, report: campaigns }, [{ results }])
    expect(rows?.map((row) => [row['level'], row['daily_budget_micros'], row['cpc_bid_micros']])).toEqual([
      ['ad_group', null, null],
      ['campaign', null, null],
    ])
  })

  it.each([
    ['paging as PHP writes nothing', { paging: [] }],
    ['null in place of nothing', { paging: { next: null, cursors: null } }],
  ])('come through %s', async (_name, more) => {
    expect((await answered(META, { data: [metaRow()], ...more })).rows).toHaveLength(1)
  })

  it('stand under their ids, however long these are and written as numbers', async () => {
    const row = JSON.stringify(metaRow()).replace('"1"', '23854404676180548')
    expect((await answered(META, `{"data":[${row}]}`)).rows).toEqual([
      expect.objectContaining({ campaign_id: '23854404676180548' }),
    ])
    const order = '[{"date":"20261101","orderId":591283645290123457,"impressions":1}]'
    expect((await answered(AMAZON, order)).rows).toEqual([
      expect.objectContaining({ order_id: '591283645290123457' }),
    ])
  })
})

describe('a file', () => {
  it('that goes on behind an empty line is read on, up to its notes', async () => {
    const lines = [
      DV360_COLUMNS,
      '2026/11/01,A,9,10,1.00',
      '',
      '2026/11/01,B,10,20,2.00',
      ',,,30,3.00',
      '',
      'Report Time:,x',
      '2026/11/01,no,row,of,it',
      '',
    ]
    const { rows } = await answered(DV360, lines.join('\n'))
    expect(rows?.map(({ campaign_id, impressions }) => [campaign_id, impressions])).toEqual([
      ['10', 20],
      ['9', 10],
    ])
  })

  it('that begins with what is said of it is refused, with what is missing', async () => {
    const file = `Date/Time Generated,11/2/26 11:13 AM\nReport Time Zone,America/New_York\n${DV360_COLUMNS}\n`
    const { status, error } = await answered(DV360, file)
    expect({ status, error }).toEqual({
      status: 'failed',
      error: expect.stringContaining('no column for Date, Campaign ID'),
    })
  })

  it('with two columns of a name is refused: which one is meant nobody can tell', async () => {
    const { status, error } = await answered(
      TTD,
      'Date,Campaign ID,Impressions,Impressions\n2026-11-01,c1,5,7\n',
    )
    expect({ status, error }).toEqual({
      status: 'failed',
      error: expect.stringContaining('two columns "Impressions"'),
    })
  })

  it('with columns that are called like ours has both', async () => {
    const file =
      'Date,Campaign ID,Impressions,impressions,date,cost_micros\n2026-11-01,c1,5,x,2026-10-01,99\n'
    expect((await answered(TTD, file)).rows).toEqual([
      expect.objectContaining({
        date: '2026-11-01',
        impressions: 5,
        _impressions: 'x',
        _date: '2026-10-01',
        _cost_micros: '99',
      }),
    ])
  })

  it('whose last line may be cut deletes nothing until a second one agrees', async () => {
    const { reads, id } = await connected('TTD')
    const read = async (text: string) => {
      reads.sandbox.faults.clear()
      reads.sandbox.faults.add({
        platform: 'tradedesk',
        method: 'GET',
        path: '.csv',
        times: 'always',
        fault: { is: 'instead', text },
      })
      reads.clock.advance(600_000)
      const { body } = await reads.fetched(id, performance)
      return (await reads.rowsOf(body.request_id)).length
    }
    const line = (n: number) => `2026-11-01,c${n},A,10,1,1.00`
    const all = [TTD_COLUMNS, ...[1, 2, 3, 4, 5, 6].map(line)].join('\n')
    expect(await read(`${all}\n`)).toBe(6)
    const cut = all.slice(0, all.lastIndexOf('\n'))
    expect([await read(cut), await read(cut)]).toEqual([6, 5])
  })

  it('whose signed address is too old is asked for again, and nobody loses access by it', async () => {
    const { reads, id } = await connected('TTD')
    const text =
      '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'
    reads.sandbox.faults.add({
      platform: 'tradedesk',
      method: 'GET',
      path: '.csv',
      fault: { is: 'instead', status: 403, text },
    })
    expect((await reads.fetched(id, performance)).body.status).toBe('completed')
  })
})

describe('a list', () => {
  it('of rows whose number is not told goes on until a page is not full', async () => {
    const { rows } = await answered(GA4, ga4Page({ rowCount: undefined }))
    expect(rows).toHaveLength(1)
  })

  it('that lacks days by the platform’s own words says so, and deletes nothing', async () => {
    const { reads, id } = await connected('GA4')
    const read = async (more: object) => {
      reads.sandbox.faults.clear()
      reads.sandbox.faults.add({
        platform: 'ga4',
        path: ':runReport',
        fault: { is: 'instead', text: JSON.stringify(ga4Page(more)) },
      })
      reads.clock.advance(600_000)
      const { body } = await reads.fetched(id, GA4.report)
      return { rows: await reads.rowsOf(body.request_id), caveats: body.result.caveats }
    }
    const [row] = ga4Page().rows
    const other = { ...row, dimensionValues: ['20261101', 'x', 'y', 'z', 'v'].map((value) => ({ value })) }
    expect((await read({ rows: [row, other], rowCount: 2 })).rows).toHaveLength(2)
    const reason = {
      dataTruncationType: 'DATA_TRUNCATION_TYPE_DATE_RANGE',
      dataTruncationMessage: 'Query date range may not be fully served.',
      dataTruncationDateRanges: [{ startDate: '2026-11-01', endDate: '2026-11-01' }],
    }
    const cut = await read({ metadata: { dataTruncationReasons: [reason] } })
    expect(cut.rows).toHaveLength(2)
    expect(cut.caveats).toEqual([
      'the platform says that figures are missing (2026-11-01 to 2026-11-01): Query date range may not be fully served.',
    ])
  })

  it('with fewer values in a row than columns has no row of made up ones', async () => {
    const row = { dimensionValues: [{ value: '20261101' }], metricValues: [{ value: '3' }] }
    const { rows, caveats } = await answered(GA4, ga4Page({ rows: [...ga4Page().rows, row], rowCount: 2 }))
    expect(rows).toHaveLength(1)
    expect(caveats).toEqual(['1 row is left out because it has 1 of 5 dimensions'])
  })

  it('that has fewer entries than it says is told of', async () => {
    const { reads, id } = await connected('AMAZON_DSP')
    const add = (text: string, times: number | 'always') =>
      reads.sandbox.faults.add({
        platform: 'amazon',
        path: '/dsp/orders',
        times,
        fault: { is: 'instead', text },
      })
    add('{"totalResults":3,"response":[{"orderId":"1","name":"x"}]}', 1)
    add('{"totalResults":3,"response":[]}', 'always')
    const { body } = await reads.fetched(id, campaigns)
    expect(body.result.caveats).toEqual(['the platform says that there are 3, and lists 1'])
  })

  it('of e-mails goes on behind a last entry that cannot be read', async () => {
    const mail = (id: string) => ({ id, to: [], created_at: '2026-11-01 10:00:00.1+00' })
    const { reads, id } = await connected('RESEND')
    const add = (body: object, times: number | 'always') =>
      reads.sandbox.faults.add({
        platform: 'resend',
        path: '/emails',
        times,
        fault: { is: 'instead', text: JSON.stringify(body) },
      })
    add({ has_more: true, data: [mail('e1'), { created_at: 'x' }] }, 1)
    add({ has_more: false, data: [mail('e2')] }, 'always')
    const { body } = await reads.fetched(id, RESEND.report)
    expect(body.result.records_fetched).toBe(2)
  })
})

it.each([
  ['text', { async_percent_completion: '100' }],
  ['nowhere', {}],
])('a report of Meta is ready, also where the share that is made is %s', async (_where, share) => {
  const { reads, id } = await connected('META')
  const long = { ...performance, date_range: { start: '2026-10-01', end: '2026-11-01' } }
  const add = (method: string, path: string, body: object) =>
    reads.sandbox.faults.add({
      platform: 'meta',
      method,
      path,
      times: 'always',
      fault: { is: 'instead', text: JSON.stringify(body) },
    })
  add('POST', '/insights', { report_run_id: '777' })
  add('GET', '/777/insights', { data: [metaRow()] })
  add('GET', '/777', { async_status: 'Job Completed', ...share })
  expect((await reads.fetched(id, long)).body).toMatchObject({
    status: 'completed',
    result: { records_fetched: 1 },
  })
})
