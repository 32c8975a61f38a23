import { describe, expect, it, onTestFinished } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { startRedis } from '../support/redis-server.ts'
import { startOn, TRIES, temporaryDirectory } from '../support/restarts.ts'

const entry = (name: string) => `${name}:admin:${hashKey(`k-${name}`).toString('hex')}`
const as = (name: string) => ({ authorization: `Bearer k-${name}` })
const BID = { customerId: 'c', platform: 'google_ads', predictedLtv: 900, bidAmount: 200 }

async function twoProcesses() {
  const server = await startRedis()
  onTestFinished(() => server.close())
  const environment = {
    REDIS_URL: server.url,
    NOTICE_SECRET: 'shared by all processes, 32 chars',
    API_KEYS: ['ml', 'ann', 'bob'].map(entry).join(','),
    APPROVALS: JSON.stringify({ global: { mode: 'enforce', bidAbove: 150 } }),
  }
  const one = await startOn(temporaryDirectory(), environment)
  const other = await startOn(temporaryDirectory(), environment)
  // Redis has no earlier spend to tell of.
  const trusted = await one.send('POST', '/v1/store/trust', {}, as('ann'))
  expect(trusted.status, JSON.stringify(trusted.body)).toBe(200)
  for (const { send } of [one, other]) {
    const refusing = async () => (await send('GET', '/v1/store', undefined, as('ann'))).body.refusing
    await expect.poll(refusing, TRIES).toEqual([])
  }
  return { server, one, other }
}

describe('approvals that several processes share', () => {
  it('are known to each at once, and applied once by approvers at different processes', async () => {
    const { one, other } = await twoProcesses()
    const decide = ({ send }: typeof one, id: string, who: string, decision = 'approve') =>
      send('POST', `/v1/approvals/${id}`, { decision }, as(who))
    for (let round = 1; round <= 4; round++) {
      const asked = await one.send('POST', '/v1/bids', { ...BID, campaignId: `c${round}` }, as('ml'))
      const { approvalId } = asked.body.approval
      const found = await other.send('GET', `/v1/approvals/${approvalId}`, undefined, as('ann'))
      expect(found.body).toMatchObject({ status: 'pending_approval', askedBy: 'ml' })
      const answers = await Promise.all([decide(one, approvalId, 'ann'), decide(other, approvalId, 'bob')])
      expect(answers.map(({ status }) => status).sort(), JSON.stringify(answers)).toEqual([200, 409])
      const placed = [one, other].map(async ({ send }) => {
        const listed = await send('GET', '/v1/bids?status=placed', undefined, as('ann'))
        return listed.body.bids.length as number
      })
      expect((await Promise.all(placed)).reduce((sum, one) => sum + one)).toBe(round)
      for (const { send } of [one, other])
        expect((await send('GET', `/v1/approvals/${approvalId}`, undefined, as('ann'))).body.status).toBe(
          'applied',
        )
    }
    const last = await other.send('POST', '/v1/bids', { ...BID, campaignId: 'last' }, as('ml'))
    const refused = await decide(one, last.body.approval.approvalId, 'bob', 'refuse')
    expect(refused).toMatchObject({ status: 200, body: { status: 'refused' } })
    expect(await decide(other, last.body.approval.approvalId, 'ann')).toMatchObject({ status: 409 })
  })

  it('are neither asked for nor given while Redis is away', async () => {
    const { server, one } = await twoProcesses()
    const asked = await one.send('POST', '/v1/bids', { ...BID, campaignId: 'c' }, as('ml'))
    const calls = one.calls()
    await server.close()
    const path = `/v1/approvals/${asked.body.approval.approvalId}`
    expect(await one.send('POST', path, { decision: 'approve' }, as('ann'))).toMatchObject({
      status: 503,
      body: { code: 'records_unavailable' },
    })
    expect((await one.send('POST', '/v1/bids', { ...BID, campaignId: 'd' }, as('ml'))).status).toBe(503)
    expect(one.calls()).toBe(calls)
  })
})
