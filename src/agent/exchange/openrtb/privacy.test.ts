import { GppModel, RangeEntry } from '@iabgpp/cmpapi'
import { describe, expect, it } from 'vitest'
import { privacyRules } from './privacy.ts'
import { isRefusal, readBidRequest } from './request.ts'

const read = (regs: unknown, user: object = {}, device: object = {}, vendorId?: number) => {
  const body = {
    id: 'r',
    imp: [{ id: '1', banner: { w: 300, h: 250 } }],
    user: { id: 'u', buyeruid: 'b', eids: [{ source: 's', uids: [{ id: 'e' }] }], ...user },
    device: { ifa: 'i', ...device },
    regs,
  }
  const request = readBidRequest(body, privacyRules(vendorId))
  if (isRefusal(request)) return request
  const { userId, buyerUid, ifa, eids } = request
  return [userId, buyerUid, ifa, eids.length]
}

const bitsOf = (value: number, count: number): string => value.toString(2).padStart(count, '0')

/** Bits as the base64url that privacy strings are written in. */
function base64Url(bits: string): string {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const sextets = bits.padEnd(Math.ceil(bits.length / 6) * 6, '0').match(/.{6}/g) ?? []
  return sextets.map((sextet) => ALPHABET[Number.parseInt(sextet, 2)]).join('')
}

const NO_VENDORS = bitsOf(0, 17)

/** The core of a consent string, version 2 of the TCF: everything is 0 but what must be something. */
function consentTo(purposes: readonly number[], vendors = NO_VENDORS, createdAt = 1): string {
  const agreed = Array.from({ length: 24 }, (_, i) => (purposes.includes(i + 1) ? '1' : '0')).join('')
  const upToPurposes = `${bitsOf(2, 6)}${bitsOf(createdAt, 36)}${bitsOf(1, 36)}${bitsOf(10, 12)}${bitsOf(1, 12)}${bitsOf(1, 6)}`
  const language = `${bitsOf(4, 6)}${bitsOf(13, 6)}${bitsOf(1, 12)}${bitsOf(2, 6)}${bitsOf(0, 14)}`
  const country = `${bitsOf(0, 24)}0${bitsOf(4, 6)}${bitsOf(13, 6)}`
  return base64Url(`${upToPurposes}${language}${agreed}${country}${vendors}${NO_VENDORS}${bitsOf(0, 12)}`)
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
  [{ ext: { coppa: 1 } }, {}],
  [{ coppa: 0, ext: { coppa: 1 } }, {}],
  [{ gdpr: 1 }, {}],
  [{ gdpr: 2 }, {}],
  [{ gdpr: -1 }, {}],
  [{ coppa: 2 }, {}],
  [{ gdpr: 1 }, { consent: '' }],
  [{ gdpr: 1 }, { consent: 'CPx' }],
  [{ gdpr: 0, ext: { gdpr: 1 } }, {}],
  [{ us_privacy: '', ext: { us_privacy: '1YYN' } }, {}],
  [{ us_privacy: '1YNN', ext: { us_privacy: '1YYN' } }, {}],
  [{ gdpr: 1 }, { consent: consentTo([1]) }],
  [{ gdpr: 1 }, { consent: consentTo([1, 4]), ext: { consent: consentTo([1]) } }],
  [{ ext: { gdpr: 1 } }, {}],
  [{ us_privacy: '1YYN' }, {}],
  [{ ext: { us_privacy: '1yyn' } }, {}],
  [{ ext: { gpc: '1' } }, {}],
  [{ gpc: 1 }, {}],
  [{ gpc: 'true' }, {}],
  [{ us_privacy: '1' }, {}],
  [{ us_privacy: 'null' }, {}],
  [{ us_privacy: '[US_PRIVACY]' }, {}],
  [{ us_privacy: ' 1YYN' }, {}],
])('reads no id of the user under %j with %j', (regs, user) => {
  expect(read(regs, user)).toEqual(NOBODY)
})

it.each<[regs: unknown, user: object]>([
  [undefined, {}],
  [{ coppa: 0, gdpr: 0 }, {}],
  [{ ext: { gpc: '0' } }, {}],
  [{ gdpr: 1 }, { consent: consentTo([1, 4]) }],
  [{ gdpr: 1 }, { consent: '', ext: { consent: consentTo([1, 4]) } }],
  [{ ext: { gdpr: 1 } }, { ext: { consent: consentTo([1, 4]) } }],
  [{ us_privacy: '1YNN' }, {}],
  [{ us_privacy: '1---' }, {}],
  [{ us_privacy: '1YNN ' }, {}],
  [{ gpc: false }, {}],
])('reads the ids of the user under %j with %j', (regs, user) => {
  expect(read(regs, user)).toEqual(KNOWN)
})

const SET = [1, '1', ' 1 ', true, 'true', 'TRUE', 'yes', {}, [1]]
const NOT_SET = [0, '0', false, 'false', null, '']

it('hears flags also as texts and booleans, and takes for set what is none', () => {
  for (const [values, ids] of [
    [SET, NOBODY],
    [NOT_SET, KNOWN],
  ] as const)
    for (const value of values) {
      for (const regs of [
        { coppa: value },
        { ext: { coppa: value } },
        { gdpr: value },
        { ext: { gdpr: value } },
      ])
        expect(read(regs), JSON.stringify(regs)).toEqual(ids)
      for (const device of [{ lmt: value }, { dnt: value }])
        expect(read(undefined, {}, device), JSON.stringify(device)).toEqual(ids)
    }
  expect(read({ gdpr: '0', ext: { gdpr: '1' } })).toEqual(NOBODY)
  expect(read({ gdpr: '1' }, { consent: consentTo([1, 4]) })).toEqual(KNOWN)
  expect(read(undefined, {}, { ext: { atts: '3' } })).toEqual(KNOWN)
})

it.each([{ lmt: 1 }, { dnt: 1 }, { ext: { atts: 1 } }, { lmt: 0, ext: { atts: 2 } }, { ext: { atts: '2' } }])(
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

it.each(['00000000-0000-0000-0000-000000000000', '00000000000000000000000000000000', '', ' '])(
  'reads no id from a device whose id is "%s", as devices send it that give none',
  (ifa) => {
    expect(read(undefined, {}, { ifa })).toEqual(['u', 'b', undefined, 1])
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

it('reads the child flag of a GPP section, and an opt-out in an older string inside of one', () => {
  expect(read({ gpp: gpp('usnat', { KnownChildSensitiveDataConsents: [0, 2, 0] }) })).toEqual(NOBODY)
  expect(read({ gpp: gpp('uspv1', { OptOutSale: 'Y' }) })).toEqual(NOBODY)
  expect(read({ gpp: gpp('uspv1', { OptOutSale: 'N' }) })).toEqual(KNOWN)
})

it('reads a national section of before its third age group of children, which libraries have refused', () => {
  // As consent dialogues of apps send them: opted out, and not.
  expect(read({ gpp: 'DBABL~BVQVAAAAAg' })).toEqual(NOBODY)
  expect(read({ gpp: 'DBABL~BVQqAAAAAg' })).toEqual(KNOWN)
})

it('looks no user up when the GPP string cannot be read', () => {
  // The national sections of two lack their core, which libraries fill in with "not applicable".
  for (const text of ['x', 'DBABMA', 'DBABLA~', 'DBABLA~YA', 'D'.repeat(100_000)])
    expect(read({ gpp: text })).toEqual(NOBODY)
})

describe('a string whose lists are longer than any memory', () => {
  /** A header whose only range of sections is from 1 to one more than a Fibonacci number of so many bits. */
  const header = (bits: number) =>
    base64Url(`${bitsOf(3, 6)}${bitsOf(1, 6)}${bitsOf(1, 12)}1${'11'}${'1'.padStart(bits, '0')}1`)

  it.each([1, 20, 60, 100, 2_000, 20_000])('is refused for its range of sections of %i bits', (bits) => {
    expect(read({ gpp: `${header(bits)}~x` })).toEqual(NOBODY)
    expect(read({ gpp: `${header(bits)}~x~x` })).toEqual(NOBODY)
  })

  it('is read without writing its vendors down', () => {
    const all = `1${bitsOf(1, 16)}${bitsOf(65_535, 16)}`
    const vendors = (ranges: number) => `${bitsOf(65_535, 16)}1${bitsOf(ranges, 12)}${all.repeat(ranges)}`
    const processorTime = (ranges: number): number => {
      const before = process.threadCpuUsage()
      for (let i = 0; i < 10; i++) {
        const consent = consentTo([1, 4], vendors(ranges), i + 1)
        expect(read({ gdpr: 1 }, { consent }, {}, 5)).toEqual(KNOWN)
        expect(read({ gdpr: 1 }, { consent }, {}, 65_536)).toEqual(NOBODY)
        // Canada's section, 5, has such lists too.
        expect(read({ gpp: `DBABDA~${consent}` })).toEqual(KNOWN)
      }
      const { user, system } = process.threadCpuUsage(before)
      return user + system
    }
    processorTime(1)
    expect(processorTime(600)).toBeLessThan(100 * processorTime(2))
  })
})

/** A consent string as consent tools make it, with what `more` changes. */
function consentWith(more: Record<string, unknown>): string {
  const purposes = [1, 0, 0, 1].map((bit) => bit === 1)
  const model = new GppModel(gpp('tcfeuv2', { CmpId: 10, PurposeConsents: purposes, ...more }))
  return model.encodeSectionById(2)
}

const restriction = (type: number, purpose = 4, vendors = [5]) => ({
  VendorConsents: [5, 7],
  PublisherRestrictions: [new RangeEntry(purpose, type, vendors)],
})

it.each<[more: Record<string, unknown>, isKnown: boolean]>([
  [{}, false],
  [{ VendorConsents: [7] }, false],
  [{ VendorLegitimateInterests: [5] }, false],
  [{ VendorConsents: [5, 7] }, true],
  [{ VendorConsents: [5], PurposeConsents: [true] }, false],
  [{ VendorConsents: [5], VendorsDisclosed: [5, 7] }, true],
  [{ VendorConsents: [5], VendorsDisclosed: [7] }, false],
  [restriction(0), false],
  [restriction(2), false],
  [restriction(1), true],
  [restriction(0, 1), false],
  [restriction(0, 2), true],
  [restriction(0, 4, [7]), true],
])('with a vendor id of ours a consent with %j counts: %j', (more, isKnown) => {
  const consent = consentWith(more)
  expect(read({ gdpr: 1 }, { consent }, {}, 5)).toEqual(isKnown ? KNOWN : NOBODY)
  expect(read({ ext: { gdpr: 1 } }, { ext: { consent } }, {}, 5)).toEqual(isKnown ? KNOWN : NOBODY)
  expect(read({ gdpr: 0 }, { consent }, {}, 5)).toEqual(KNOWN)
})

it('reads consent by purposes alone where no vendor id is configured', () => {
  expect(read({ gdpr: 1 }, { consent: consentWith({}) })).toEqual(KNOWN)
  expect(read({ gdpr: 1 }, { consent: consentWith({ PurposeConsents: [true] }) })).toEqual(NOBODY)
})

describe('the sections of a GPP string', () => {
  const twoStates = () => {
    const model = new GppModel(gpp('usca', { SaleOptOut: 1 }))
    model.setFieldValue('usva', 'SaleOptOut', 2)
    return model.encode()
  }

  it.each<[regs: object, isKnown: boolean]>([
    [{}, false],
    [{ gpp_sid: [] }, false],
    [{ gpp_sid: null, ext: { gpp_sid: [] } }, false],
    [{ gpp_sid: [8] }, false],
    [{ gpp_sid: [9] }, true],
    [{ ext: { gpp_sid: [9] } }, true],
    [{ gpp_sid: [], ext: { gpp_sid: [9] } }, true],
    [{ gpp_sid: [9], ext: { gpp_sid: [8] } }, false],
    [{ gpp_sid: [7, 9, 999] }, true],
    [{ gpp_sid: [0] }, true],
    [{ gpp_sid: [-1] }, false],
    [{ gpp_sid: [-1, 9] }, false],
    [{ gpp_sid: '9' }, false],
    [{ gpp_sid: ['9'] }, false],
  ])('count where gpp_sid names them: %j', (regs, isKnown) => {
    expect(read({ gpp: twoStates(), ...regs })).toEqual(isKnown ? KNOWN : NOBODY)
  })

  it('do not matter where the string cannot be read', () => {
    expect(read({ gpp: 'DBABMA~x', gpp_sid: [9] })).toEqual(NOBODY)
    expect(read({ gpp: 'x', gpp_sid: [0] })).toEqual(NOBODY)
  })

  it('have consent for the EU, which counts where that law applies', () => {
    const gppOf = (more: object) => gpp('tcfeuv2', { CmpId: 10, VendorConsents: [5], ...more })
    const agreed = gppOf({ PurposeConsents: [true, false, false, true] })
    const refused = gppOf({ PurposeConsents: [true] })
    for (const law of [{ gpp_sid: [2] }, { gdpr: 1 }, { gdpr: 1, gpp_sid: [2, 7] }]) {
      expect(read({ gpp: agreed, ...law })).toEqual(KNOWN)
      expect(read({ gpp: agreed, ...law }, {}, {}, 5)).toEqual(KNOWN)
      expect(read({ gpp: agreed, ...law }, {}, {}, 6)).toEqual(NOBODY)
      expect(read({ gpp: refused, ...law })).toEqual(NOBODY)
      expect(read({ gpp: agreed, ...law }, { consent: consentTo([1]) })).toEqual(NOBODY)
      expect(read({ gpp: refused, ...law }, { consent: consentTo([1, 4]) })).toEqual(NOBODY)
    }
    const all = [true, false, false, true]
    const restricted = gpp('tcfeuv2', { CmpId: 10, PurposeConsents: all, ...restriction(0) })
    expect(read({ gpp: restricted, gpp_sid: [2] }, {}, {}, 5)).toEqual(NOBODY)
    expect(read({ gpp: restricted, gpp_sid: [2] }, {}, {}, 7)).toEqual(KNOWN)
    expect(read({ gpp_sid: [2] })).toEqual(NOBODY)
    expect(read({ gpp_sid: [2] }, { consent: consentTo([1, 4]) })).toEqual(KNOWN)
    // Nobody says that the law applies.
    expect(read({ gpp: refused })).toEqual(KNOWN)
    expect(read({ gpp: refused, gpp_sid: [7] })).toEqual(KNOWN)
    expect(read({ gpp: agreed, gdpr: 1, gpp_sid: [7] })).toEqual(NOBODY)
  })
})
