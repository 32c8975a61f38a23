import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Caveats } from '../platform/caveats.ts'
import { playAnswers, playCases } from '../reading/cases.test-support.ts'
import { createMeta } from './meta.ts'
import { columnsOf, REPORTS, rowOf } from './reports.ts'

const connector = createMeta()

describe('the Meta connector for reading', () => {
  playCases(new URL('./cases.json', import.meta.url), connector)

  const request = { method: 'GET', url: 'https://graph.facebook.com/v26.0/me', headers: {} } as const

  it('proves with every call that it knows the secret of the app', () => {
    const signed = createMeta({}, { clientId: '6', clientSecret: 'app secret' })
    const proof = createHmac('sha256', 'app secret').update('token').digest('hex')
    expect(signed.authorize(request, 'token')).toMatchObject({
      url: `${request.url}?appsecret_proof=${proof}`,
      headers: { authorization: 'Bearer token' },
    })
    const asked = { ...request, url: `${request.url}?limit=1` }
    expect(signed.authorize(asked, 'token').url).toBe(`${asked.url}&appsecret_proof=${proof}`)
  })

  it('reads no budgets where the currency of the account is not known', () => {
    const account = { accountId: 'act_11', currency: undefined, timezone: undefined, settings: {} }
    const talk = connector.campaigns(account, {
      resume: undefined,
      cursor: undefined,
      caveats: new Caveats(),
    })
    expect(() => talk.next()).toThrow('the currency of the account is not known')
  })

  it('does not add up reach over rows of several days, since people may be in several rows', () => {
    const caveats = new Caveats()
    const report = REPORTS['campaign_performance']
    if (!report) throw new Error('there is no such report')
    const dates = { date_start: '2026-11-01', date_stop: '2026-11-02' }
    for (const campaign_id of ['1', '2'])
      rowOf(
        caveats,
        { campaign_id, clicks: '2', reach: '5', ...dates },
        columnsOf(report, ['clicks', 'reach']),
        report,
      )
    expect(caveats.texts).toEqual([expect.stringMatching(/^2 rows of no date .*: 4 clicks$/)])
  })

  it('shows neither token nor proof to another host', () => {
    const elsewhere = { ...request, url: 'https://graph.facebook.com.evil.example/v26.0/me' }
    expect(connector.authorize(elsewhere, 'token')).toEqual(elsewhere)
  })
})
describe('what Meta answers to reading', () => {
  playAnswers(new URL('./answers.json', import.meta.url), connector)
})
