import type { Device, Regs, User } from 'iab-openrtb/v26'
import { consentReader } from './consent.ts'
import { code, numbers, object, text, type Wire } from './fields.ts'
import { EU_SECTION, readGpp } from './gpp.ts'
import { inBothPlaces } from './two-places.ts'

/** Position of "opted out of the sale" in a US privacy string such as `1YYN`. */
const US_OPT_OUT = 2
/** Values of App Tracking Transparency that refuse tracking: 1 restricted, 2 denied. */
const ATT_REFUSED: readonly number[] = [1, 2]
/** Values that say Global Privacy Control is not set in the browser; every other value sets it. */
const GPC_NOT_SET: readonly unknown[] = [0, '0', false]
/** A US privacy string: version 1, then three times yes, no or not applicable. */
const US_PRIVACY = /^1[-YN]{3}$/i
/** Value in `gpp_sid` that says the applicable sections are unknown. */
const UNKNOWN_SECTION = -1

/**
 * Whether a request forbids looking up its user: a child (COPPA), a device that limits tracking, the GDPR without a
 * consent string that allows it, Global Privacy Control, an opt-out in the US privacy string or in an applicable
 * section of the GPP string. Each signal is read where OpenRTB 2.6 and where 2.5 has it; the stricter one counts.
 */
export type IsUserPrivate = (
  regs: unknown,
  user: Wire<User> | undefined,
  device: Wire<Device> | undefined,
) => boolean

/**
 * Builds the check.
 * @param tcfVendorId our id on the Global Vendor List; undefined to read consent by purposes alone
 */
export function privacyRules(tcfVendorId?: number): IsUserPrivate {
  const allows = consentReader(tcfVendorId)
  return (rawRegs, user, device) => {
    if (device && isTrackingLimited(device)) return true
    const regs = object<Regs>(rawRegs, 'regs')
    if (!regs) return false
    if (inBothPlaces('coppa', regs).some((coppa) => isSet(coppa, 'regs.coppa'))) return true
    if (inBothPlaces('us_privacy', regs).some(isUsOptOut)) return true
    if (inBothPlaces('gpc', regs).some((signal) => !GPC_NOT_SET.includes(signal))) return true
    const gpp = readGppOf(regs)
    if (gpp.isRefusal) return true
    if (!gpp.isEuNamed && !inBothPlaces('gdpr', regs).some((gdpr) => isSet(gdpr, 'regs.gdpr'))) return false
    const said = inBothPlaces('consent', user).map((value) => text(value, 'user.consent') ?? '')
    const consents = [...said, ...gpp.consents]
    return consents.length === 0 || !consents.every(allows)
  }
}

/** Whether a signal is anything but 0 or absent: a number that the protocol does not have is no permission. */
const isSet = (value: unknown, field: string): boolean => (code(value, field) ?? 0) !== 0

function isTrackingLimited({ lmt, dnt, ext }: Wire<Device>): boolean {
  if (isSet(lmt, 'device.lmt') || isSet(dnt, 'device.dnt')) return true
  const atts = code(object<{ atts: unknown }>(ext, 'device.ext')?.atts, 'device.ext.atts')
  return atts !== undefined && ATT_REFUSED.includes(atts)
}

/** Whether a US privacy string opts the user out. A string that cannot be read opts out. */
function isUsOptOut(value: unknown): boolean {
  const said = (text(value, 'regs.us_privacy') ?? '').trim()
  return !US_PRIVACY.test(said) || said[US_OPT_OUT]?.toUpperCase() === 'Y'
}

interface Gpp {
  readonly isRefusal: boolean
  /** Whether `gpp_sid` says that EU law applies. */
  readonly isEuNamed: boolean
  /** EU consent strings; they matter only where EU law applies. */
  readonly consents: readonly string[]
}

const NO_GPP: Gpp = { isRefusal: false, isEuNamed: false, consents: [] }

/**
 * Reads the GPP string. Only the sections named in `gpp_sid` apply, or all of them where it is missing or says unknown.
 * A string that cannot be read counts as a refusal.
 */
function readGppOf(regs: Wire<Regs>): Gpp {
  const named = inBothPlaces('gpp_sid', regs).flatMap((ids) => numbers(ids, 'regs.gpp_sid'))
  const strings = inBothPlaces('gpp', regs)
  if (named.length === 0 && strings.length === 0) return NO_GPP
  const isAny = named.length === 0 || named.includes(UNKNOWN_SECTION)
  const applies = (id: number): boolean => isAny || named.includes(id)
  const facts = strings.map((value) => readGpp(text(value, 'regs.gpp') ?? ''))
  return {
    isRefusal: facts.some((one) => one === undefined || one.refusing.some(applies)),
    isEuNamed: named.includes(EU_SECTION),
    consents: facts.flatMap((one) => (applies(EU_SECTION) && one?.consent ? [one.consent] : [])),
  }
}
