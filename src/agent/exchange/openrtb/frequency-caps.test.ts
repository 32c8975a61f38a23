import { describe, expect, it } from 'vitest'
import {
  bannerRequest,
  type CampaignInput,
  campaignSpec,
  createBidder,
} from '../../../../test/support/bidder.ts'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { FrequencyCaps, isRefusal, prepareCampaign, readBidRequest } from './index.ts'

const HOUR_MS = 3_600_000
const frequencyCap = { impressions: 2, windowSeconds: 3_600 }
const world = (more: CampaignInput = {}) => createBidder({ campaigns: { c1: { frequencyCap, ...more } } })
const by = (id: string, imp: object = {}) => bannerRequest(imp, { user: { id } })

describe('a frequency cap', () => {
  it('counts bids from when they are made, each user apart', () => {
    const { bid, reasons } = world()
    expect([bid(by('u1')), bid(by('u1'))].map((one) => one?.['cid'])).toEqual(['c1', 'c1'])
    expect(reasons(by('u1'))).toEqual(['frequency_capped'])
    expect(bid(by('u2'))).toBeDefined()
  })

  it('counts the impressions of one request too', () => {
    const { bids } = world()
    const imp = ['a', 'b', 'c'].map((id) => ({ id, banner: { w: 300, h: 250 } }))
    expect(bids(by('u1', { imp }))).toHaveLength(1)
    expect(bids({ ...by('u2'), imp })).toHaveLength(2)
  })

  it('takes back what was lost, what was not sent, and what is open when its hold ends', () => {
    const { bid, notify, reasons, clock } = world()
    const [first] = [bid(by('u1')), bid(by('u1'))]
    if (first) notify('loss', first, { loss: '102' })
    expect(bid(by('u1'))).toBeDefined()
    expect(reasons(by('u1'))).toEqual(['frequency_capped'])
    clock.advance(300_000)
    expect(reasons(by('u1'))).toEqual([])
  })

  it('keeps what was won or billed for its whole time, also after a loss', () => {
    const { bid, notify, reasons, clock } = world()
    const [first, second] = [bid(by('u1')), bid(by('u1'))]
    if (!first || !second) throw new Error('no bids')
    notify('win', first)
    notify('loss', second, { loss: '102' })
    notify('billing', second, { price: '5' })
    clock.advance(HOUR_MS - 1)
    expect(reasons(by('u1'))).toEqual(['frequency_capped'])
    clock.advance(1)
    expect(reasons(by('u1'))).toEqual([])
  })

  it('does not bid without an id, unless it is told to', () => {
    const { reasons, put, bid } = world()
    expect(reasons(bannerRequest())).toEqual(['no_user_id'])
    // No id is read where privacy forbids it.
    expect(reasons({ ...by('u1'), regs: { coppa: 1 } })).toEqual(['no_user_id'])
    put('c1', { frequencyCap: { ...frequencyCap, withoutId: 'bid' } })
    for (let i = 0; i < 5; i++) expect(bid(bannerRequest())).toBeDefined()
  })

  it('is left out of tests, which count nothing', () => {
    const { bid, reasons } = world()
    for (let i = 0; i < 5; i++) expect(bid({ ...by('u1'), test: 1 })).toBeDefined()
    expect(reasons(by('u1'))).toEqual([])
    expect(reasons(by('u1'))).toEqual([])
    expect(reasons({ ...by('u1'), test: 1 })).toEqual(['frequency_capped'])
  })

  it('has another user for each kind of id, and takes the first', () => {
    const { bid, reasons } = world({ frequencyCap: { ...frequencyCap, impressions: 1 } })
    const all = { user: { id: 'x', buyeruid: 'x', eids: [{ source: 's', uids: [{ id: 'x' }] }] } }
    const device = { geo: { country: 'USA' }, devicetype: 2, ifa: 'x' }
    const { user } = all
    for (const known of [user, { ...user, id: undefined }, { eids: user.eids }, {}]) {
      expect(bid(bannerRequest({}, { user: known, device }))).toBeDefined()
      expect(reasons(bannerRequest({}, { user: known, device }))).toEqual(['frequency_capped'])
    }
  })
})

it('counts of users take a fixed memory, and tell what they forget', () => {
  const forgotten: string[] = []
  const caps = new FrequencyCaps(new FakeClock(), (seat) => void forgotten.push(seat), 2_400)
  const campaign = prepareCampaign(
    'c1',
    campaignSpec({ frequencyCap: { impressions: 1, windowSeconds: 60 } }),
    [],
  )
  const requestOf = (user: number) => {
    const request = readBidRequest(by(`u${user}`))
    if (isRefusal(request)) throw new Error('refused')
    return request
  }
  for (let user = 0; user < 12; user++) caps.made(user, campaign, requestOf(user), 60_000)
  expect(forgotten).toEqual(['acme', 'acme'])
  expect(caps.refusal(campaign, requestOf(0))).toBeUndefined()
  expect(caps.refusal(campaign, requestOf(11))).toBe('frequency_capped')
  caps.dropped(11)
  expect(caps.refusal(campaign, requestOf(11))).toBeUndefined()
})
