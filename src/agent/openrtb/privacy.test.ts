import { expect, it } from 'vitest'
import { isRefusal, readBidRequest } from './request.ts'

const read = (regs: unknown, user: object = {}) => {
  const body = {
    id: 'r',
    imp: [{ id: '1', banner: { w: 300, h: 250 } }],
    user: { id: 'u', buyeruid: 'b', eids: [{ source: 's', uids: [{ id: 'e' }] }], ...user },
    device: { ifa: 'i' },
    regs,
  }
  const request = readBidRequest(body)
  if (isRefusal(request)) return request
  const { userId, buyerUid, ifa, eids } = request
  return [userId, buyerUid, ifa, eids.length]
}
const KNOWN = ['u', 'b', 'i', 1]
const NOBODY = [undefined, undefined, undefined, 0]

it.each<[regs: unknown, user: object]>([
  [{ coppa: 1 }, { consent: 'C' }],
  [{ gdpr: 1 }, {}],
  [{ gdpr: 1 }, { consent: '' }],
  [{ ext: { gdpr: 1 } }, {}],
  [{ us_privacy: '1YYN' }, {}],
  [{ ext: { us_privacy: '1yyn' } }, {}],
])('reads no id of the user under %j with %j', (regs, user) => {
  expect(read(regs, user)).toEqual(NOBODY)
})

it.each<[regs: unknown, user: object]>([
  [undefined, {}],
  [{ coppa: 0, gdpr: 0 }, {}],
  [{ gdpr: 1 }, { consent: 'CPx' }],
  [{ ext: { gdpr: 1 } }, { ext: { consent: 'CPx' } }],
  [{ us_privacy: '1YNN' }, {}],
  [{ us_privacy: '1---' }, {}],
])('reads the ids of the user under %j with %j', (regs, user) => {
  expect(read(regs, user)).toEqual(KNOWN)
})

it('refuses flags of the wrong type', () => {
  expect(read({ coppa: 'yes' })).toEqual({ refused: 'regs.coppa' })
  expect(read({ us_privacy: 1 })).toEqual({ refused: 'regs.us_privacy' })
})
