import { GppModel } from '@iabgpp/cmpapi'
import { TCString } from '@iabtcf/core'
import type { Device, Regs, User } from 'iab-openrtb/v26'
import { LRUCache } from 'lru-cache'
import { number, object, text, type Wire } from './fields.ts'
import { inBothPlaces } from './two-places.ts'

/** Position of "opted out of the sale" in a US privacy string such as `1YYN`. */
const US_OPT_OUT = 2
/** App Tracking Transparency: 1 restricted, 2 denied. */
const ATT_REFUSED: readonly unknown[] = [1, 2]
/** Longer strings are not decoded, in characters; the longest real ones have some 2,000. */
const MAX_STRING = 4_000
/** Decoded strings that are remembered: users send the same one again and again. */
const REMEMBERED = 2_000
/** Store information on a device; select personalised ads. Without both nobody may be looked up. */
const PURPOSES: readonly number[] = [1, 4]
/** Fields of the US sections that say 1 for "opted out". */
const OPT_OUTS: readonly string[] = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut']

/**
 * Whether the request keeps us from looking the user up: a child (COPPA), a device that limits tracking, the GDPR
 * without a consent string whose purposes allow it, an opt-out in the US privacy string or in a US section of the GPP
 * string. Each signal is looked for where 2.6 and where 2.5 has it, and the stricter counts.
 */
export function isUserPrivate(
  rawRegs: unknown,
  user: Wire<User> | undefined,
  device: Wire<Device> | undefined,
): boolean {
  if (device && isTrackingLimited(device)) return true
  const regs = object<Regs>(rawRegs, 'regs')
  if (!regs) return false
  if (number(regs.coppa, 'regs.coppa') === 1) return true
  if (inBothPlaces('us_privacy', regs, 'regs').some(isUsOptOut)) return true
  if (inBothPlaces('gpp', regs, 'regs').some(isGppOptOut)) return true
  return (
    inBothPlaces('gdpr', regs, 'regs').some((gdpr) => number(gdpr, 'regs.gdpr') === 1) && !hasConsent(user)
  )
}

function isTrackingLimited({ lmt, dnt, ext }: Wire<Device>): boolean {
  if (number(lmt, 'device.lmt') === 1 || number(dnt, 'device.dnt') === 1) return true
  return ATT_REFUSED.includes(object<{ atts: unknown }>(ext, 'device.ext')?.atts)
}

const isUsOptOut = (value: unknown): boolean =>
  text(value, 'regs.us_privacy')?.[US_OPT_OUT]?.toUpperCase() === 'Y'

/** There is a consent string, and every one that there is allows the purposes. */
function hasConsent(user: Wire<User> | undefined): boolean {
  const strings = inBothPlaces('consent', user, 'user')
  return strings.length > 0 && strings.every((value) => allowsPurposes(text(value, 'user.consent') ?? ''))
}

const allowsPurposes = remembering((consent) => {
  const { purposeConsents } = TCString.decode(consent)
  return PURPOSES.every((purpose) => purposeConsents.has(purpose))
}, false)

const gppOptsOut = remembering((gpp) => {
  const sections: Record<string, Record<string, unknown>> = new GppModel(gpp).toObject()
  return Object.values(sections).some(sectionOptsOut)
}, true)

const isGppOptOut = (value: unknown): boolean => gppOptsOut(text(value, 'regs.gpp') ?? '')

/** A known child is one for whom anything but "not applicable" (0) is said. */
function sectionOptsOut(section: Record<string, unknown>): boolean {
  if (section['OptOutSale'] === 'Y' || section['Gpc'] === true) return true
  if (OPT_OUTS.some((field) => section[field] === 1)) return true
  const child = section['KnownChildSensitiveDataConsents']
  return (Array.isArray(child) ? child : [child]).some(
    (code: unknown) => typeof code === 'number' && code !== 0,
  )
}

/** `unreadable` is the answer for a string that cannot be decoded: the stricter one. */
function remembering(read: (text: string) => boolean, unreadable: boolean): (text: string) => boolean {
  const known = new LRUCache<string, { readonly is: boolean }>({ max: REMEMBERED })
  return (text) => {
    if (text.length > MAX_STRING) return unreadable
    const kept = known.get(text)
    if (kept) return kept.is
    const is = readOr(read, text, unreadable)
    known.set(text, { is })
    return is
  }
}

function readOr(read: (text: string) => boolean, text: string, unreadable: boolean): boolean {
  try {
    return read(text)
  } catch {
    return unreadable
  }
}
