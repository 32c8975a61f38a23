import { describe, expect, it } from 'vitest'
import { startHarness } from '../support/harness.ts'

describe('the kill switch', () => {
  it('refuses every bid from the next request on, and lets them through again', async () => {
    const { bid, send, get } = await startHarness()
    const engaged = await send('POST', '/v1/kill-switch', { engaged: true, reason: 'bad creative' })
    expect(engaged).toMatchObject({ status: 200, body: { engaged: true, reason: 'bad creative' } })
    for (const platform of ['google_ads', 'meta', 'tradedesk', 'auto']) {
      expect(await bid({ platform })).toMatchObject({ status: 409, body: { code: 'paused' } })
    }
    expect((await get('/v1/kill-switch')).body).toMatchObject({ engaged: true, since: expect.any(String) })
    await send('POST', '/v1/kill-switch', { engaged: false })
    expect((await bid()).status).toBe(200)
  })

  it('pauses every campaign it has bid on, past an exhausted limit and an open breaker, and reports each', async () => {
    const { bid, send, sandbox } = await startHarness({ META_RATE_LIMIT: '8/3600' })
    await bid({ campaignId: 'g1', bidAmount: 1 })
    await bid({ platform: 'tradedesk', campaignId: 't1', bidAmount: 1 })
    for (const campaignId of ['m1', 'm2']) await bid({ platform: 'meta', campaignId, bidAmount: 1 })
    expect((await bid({ platform: 'meta', campaignId: 'm1' })).body.code).toBe('rate_limited')
    sandbox.faults.add({ platform: 'tradedesk', times: 3, fault: { is: 'http', status: 500 } })
    for (let i = 0; i < 3; i++) await bid({ platform: 'tradedesk', campaignId: 't1', bidAmount: 1 })
    sandbox.faults.add({ platform: 'meta', path: '/m2', fault: { is: 'error', name: 'code_200' } })

    const { body } = await send('POST', '/v1/kill-switch', {
      engaged: true,
      reason: 'stop',
      pauseCampaigns: true,
    })
    const results = body.campaigns.map(
      (one: Record<string, string>) => `${one['platform']} ${one['campaignId']} ${one['result']}`,
    )
    expect(results.sort()).toEqual([
      'google_ads g1 paused',
      'meta m1 paused',
      'meta m2 refused',
      'tradedesk t1 paused',
    ])
    const paused = sandbox.ledger.applied
      .filter(({ kind }) => kind === 'status')
      .map(({ campaignId }) => campaignId)
    expect(paused.sort()).toEqual(['g1', 'm1', 't1'])
  })

  it('does not call a campaign paused that Meta only says it has paused', async () => {
    const { bid, send, sandbox } = await startHarness()
    for (const campaignId of ['m1', 'm2']) await bid({ platform: 'meta', campaignId, bidAmount: 1 })
    sandbox.faults.add({ platform: 'meta', path: '/m2', fault: { is: 'not_made' } })
    const stop = { engaged: true, reason: 'stop', pauseCampaigns: true }
    const { body } = await send('POST', '/v1/kill-switch', stop)
    const results = body.campaigns.map(
      (one: Record<string, string>) => `${one['campaignId']} ${one['result']}`,
    )
    expect(results.sort()).toEqual(['m1 paused', 'm2 unknown'])
    expect(sandbox.ledger.applied.filter(({ kind }) => kind === 'status')).toHaveLength(1)
  })

  it('refuses a request it does not understand', async () => {
    const { send } = await startHarness()
    expect(await send('POST', '/v1/kill-switch', { engaged: 'yes' })).toMatchObject({
      status: 400,
      body: { field: 'engaged' },
    })
    expect(await send('POST', '/v1/kill-switch', { engaged: false, pauseCampaigns: true })).toMatchObject({
      status: 400,
      body: { field: 'pauseCampaigns' },
    })
  })
})
