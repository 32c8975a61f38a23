import { expect, it } from 'vitest'
import { createAmazonDsp } from '../amazon-dsp/amazon-dsp.ts'
import { createDv360 } from '../dv360/dv360.ts'
import { createGa4 } from '../ga4/ga4.ts'
import { createMeta } from '../meta/meta.ts'
import { Caveats } from '../platform/caveats.ts'
import type { AccountRef, Connector, ReportQuery, Since } from '../platform/connector.ts'
import type { Talk } from '../platform/steps.ts'
import { createResend } from '../resend/resend.ts'
import { createTradeDesk } from '../tradedesk/tradedesk.ts'

const ACCOUNT: AccountRef = { accountId: '1:2', currency: 'EUR', timezone: 'UTC', settings: {} }
const RANGE = { start: '2026-11-01', end: '2026-11-02' }

type Begin = (connector: Connector, since: Since) => Talk<unknown>
const campaigns: Begin = (connector, since) => connector.campaigns(ACCOUNT, since)
const accounts: Begin = (connector) => connector.accounts({})
const report =
  (reportType: string, range: ReportQuery['range'] = RANGE): Begin =>
  (connector, since) =>
    connector.report({ ...since, account: ACCOUNT, reportType, range, fields: [] })
const hundred = (item: object) => Array.from({ length: 100 }, () => item)

/** An empty page that names a next one, as in reports without results. */
const metaPage = (n: number) => ({ data: [], paging: { next: 'https://x', cursors: { after: `c${n}` } } })

it.each<[string, Connector, Begin, (n: number) => unknown]>([
  ['figures of Meta', createMeta(), report('campaign_performance'), metaPage],
  ['campaigns of Meta', createMeta(), campaigns, metaPage],
  ['accounts of Meta', createMeta(), accounts, metaPage],
  ['campaigns of Display & Video 360', createDv360(), campaigns, (n) => ({ nextPageToken: `t${n}` })],
  ['partners of Display & Video 360', createDv360(), accounts, (n) => ({ nextPageToken: `t${n}` })],
  ['accounts of Analytics', createGa4(), accounts, (n) => ({ nextPageToken: `t${n}` })],
  [
    'orders of Amazon',
    createAmazonDsp(),
    campaigns,
    () => ({ response: hundred({ orderId: '1', lineItemId: '2' }) }),
  ],
  [
    'entities of The Trade Desk',
    createTradeDesk(),
    campaigns,
    () => ({
      LastChangeTrackingVersion: 1,
      Result: hundred({ CampaignId: 'c', AdGroupId: 'g', CampaignName: 'n' }),
    }),
  ],
  [
    'partners of The Trade Desk',
    createTradeDesk(),
    accounts,
    () => ({ Result: hundred({ PartnerId: 'p' }) }),
  ],
  [
    'templates of Resend',
    createResend(),
    report('templates'),
    () => ({ data: [{ id: 'a' }], has_more: true }),
  ],
  ['e-mails of Resend', createResend(), report('emails'), () => ({ data: [{ id: 'a' }], has_more: true })],
  ['domains of Resend', createResend(), accounts, () => ({ data: [{ id: 'a' }], has_more: true })],
])(
  '%s without an end are no longer read after some pages, and the result says so',
  (_, connector, begin, answer) => {
    const caveats = new Caveats()
    const talk = begin(connector, { resume: undefined, cursor: undefined, caveats })
    let asked = 0
    let refused = ''
    try {
      for (let turn = talk.next(); !turn.done; ) {
        if (turn.value.is === 'ask') asked += 1
        expect(asked).toBeLessThan(20)
        turn = talk.next(turn.value.is === 'ask' ? { is: 'ok', body: answer(asked) } : undefined)
      }
    } catch (error) {
      refused = String(error)
    }
    expect(`${refused} ${caveats.texts}`).toContain('3 in a row brought nothing new')
  },
)
