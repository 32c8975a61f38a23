import { GppModel } from '@iabgpp/cmpapi'
import { expect, it } from 'vitest'
import { isRefusal, readBidRequest } from './request.ts'

const read = (regs: unknown, user: object = {}, device: object = {}) => {
  const body = {
    id: 'r',
    imp: [{ id: '1', banner: { w: 300, h: 250 } }],
    user: { id: 'u', buyeruid: 'b', eids: [{ source: 's', uids: [{ id: 'e' }] }], ...user },
    device: { ifa: 'i', ...device },
    regs,
  }
  const request = readBidRequest(body)
  if (isRefusal(request)) return request
  const { userId, buyerUid, ifa, eids } = request
  return [userId, buyerUid, ifa, eids.length]
}
/** The core of a consent string, version 2 of the TCF, in bits: everything is 0 but what must be something. */
function consentTo(...purposes: number[]): string {
  const field = (value: number, bits: number): string => value.toString(2).padStart(bits, '0')
  const agreed = Array.from({ length: 24 }, (_, i) => (purposes.includes(i + 1) ? '1' : '0')).join('')
  const upToPurposes = `${field(2, 6)}${field(1, 36)}${field(1, 36)}${field(10, 12)}${field(1, 12)}${field(1, 6)}`
  const language = `${field(4, 6)}${field(13, 6)}${field(1, 12)}${field(2, 6)}${field(0, 14)}`
  const country = `${field(0, 24)}0${field(4, 6)}${field(13, 6)}`
  const bits = `${upToPurposes}${language}${agreed}${country}${field(0, 17)}${field(0, 17)}${field(0, 12)}`
  const bytes = bits.match(/.{1,8}/g) ?? []
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))).toString('base64url')
}

function gpp(section: string, fields: Record<string, unknown>): string {
  const model = new GppModel()
  for (const [field, value] of Object.entries(fields)) model.setFieldValue(section, field, value)
  return model.encode()
}

const KNOWN = ['u', 'b', 'i', 1]
const NOBODY = [undefined, undefined, undefined, 0]

it.each<[regs: unknown, user: object]>([
  [{ coppa: 1 }, { consent: 'C' }],
  [{ gdpr: 1 }, {}],
  [{ gdpr: 1 }, { consent: '' }],
  [{ gdpr: 1 }, { consent: 'CPx' }],
  [{ gdpr: 0, ext: { gdpr: 1 } }, {}],
  [{ us_privacy: '', ext: { us_privacy: '1YYN' } }, {}],
  [{ us_privacy: '1YNN', ext: { us_privacy: '1YYN' } }, {}],
  [{ gdpr: 1 }, { consent: consentTo(1) }],
  [{ gdpr: 1 }, { consent: consentTo(1, 4), ext: { consent: consentTo(1) } }],
  [{ ext: { gdpr: 1 } }, {}],
  [{ us_privacy: '1YYN' }, {}],
  [{ ext: { us_privacy: '1yyn' } }, {}],
])('reads no id of the user under %j with %j', (regs, user) => {
  expect(read(regs, user)).toEqual(NOBODY)
})

it.each<[regs: unknown, user: object]>([
  [undefined, {}],
  [{ coppa: 0, gdpr: 0 }, {}],
  [{ gdpr: 1 }, { consent: consentTo(1, 4) }],
  [{ gdpr: 1 }, { consent: '', ext: { consent: consentTo(1, 4) } }],
  [{ ext: { gdpr: 1 } }, { ext: { consent: consentTo(1, 4) } }],
  [{ us_privacy: '1YNN' }, {}],
  [{ us_privacy: '1---' }, {}],
])('reads the ids of the user under %j with %j', (regs, user) => {
  expect(read(regs, user)).toEqual(KNOWN)
})

it.each([{ lmt: 1 }, { dnt: 1 }, { ext: { atts: 1 } }, { lmt: 0, ext: { atts: 2 } }])(
  'reads no id of the user of a device with %j',
  (device) => {
    expect(read(undefined, {}, device)).toEqual(NOBODY)
  },
)

it.each([{ lmt: 0, dnt: 0 }, { ext: { atts: 3 } }, { ext: { atts: 0 } }])(
  'reads the ids of the user of a device with %j',
  (device) => {
    expect(read(undefined, {}, device)).toEqual(KNOWN)
  },
)

it.each([
  ['usnat', 'SaleOptOut'],
  ['usnat', 'SharingOptOut'],
  ['usnat', 'TargetedAdvertisingOptOut'],
  ['usca', 'SaleOptOut'],
  ['usva', 'TargetedAdvertisingOptOut'],
  ['ustx', 'SaleOptOut'],
])('hears an opt-out in the GPP section %s: %s', (section, field) => {
  expect(read({ gpp: gpp(section, { [field]: 1 }) })).toEqual(NOBODY)
  expect(read({ gpp: '', ext: { gpp: gpp(section, { [field]: 1 }) } })).toEqual(NOBODY)
  expect(read({ gpp: gpp(section, { [field]: 2 }) })).toEqual(KNOWN)
})

it('hears of a child in a GPP section, and of an opt-out in an old string inside of one', () => {
  expect(read({ gpp: gpp('usnat', { KnownChildSensitiveDataConsents: [0, 2, 0] }) })).toEqual(NOBODY)
  expect(read({ gpp: gpp('uspv1', { OptOutSale: 'Y' }) })).toEqual(NOBODY)
  expect(read({ gpp: gpp('uspv1', { OptOutSale: 'N' }) })).toEqual(KNOWN)
})

it('knows nobody by a GPP string that it cannot read', () => {
  for (const text of ['x', 'DBABMA', 'D'.repeat(100_000)]) expect(read({ gpp: text })).toEqual(NOBODY)
})
