import type { Regs, User } from 'iab-openrtb/v26'
import { number, object, text, type Wire } from './fields.ts'

/** Position of "opted out of the sale" in a US privacy string such as `1YYN`. */
const US_OPT_OUT = 2

/**
 * Whether the law named in a request keeps us from looking the user up: a child (COPPA), the GDPR without a consent
 * string, or an opt-out of sale in the US privacy string. 2.6 has these fields where 2.5 has them in `ext`. Whether the
 * consent given is for us, and what a GPP string says, is not decoded.
 */
export function isUserPrivate(rawRegs: unknown, user: Wire<User> | undefined): boolean {
  const regs = object<Regs>(rawRegs, 'regs')
  if (!regs) return false
  if (number(regs.coppa, 'regs.coppa') === 1) return true
  const older = object<{ gdpr: unknown; us_privacy: unknown }>(regs.ext, 'regs.ext')
  const usPrivacy = text(regs.us_privacy ?? older?.us_privacy, 'regs.us_privacy')
  if (usPrivacy?.[US_OPT_OUT]?.toUpperCase() === 'Y') return true
  return number(regs.gdpr ?? older?.gdpr, 'regs.gdpr') === 1 && !consentOf(user)
}

function consentOf(user: Wire<User> | undefined): string | undefined {
  return text(user?.consent ?? object<{ consent: unknown }>(user?.ext, 'user.ext')?.consent, 'user.consent')
}
