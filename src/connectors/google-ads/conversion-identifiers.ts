import {
  type Conversion,
  country,
  e164,
  googleEmail,
  googleFamilyName,
  googleGivenName,
  hashed,
  hashedOften,
  type Identifiers,
  identifiersOf,
  ipAddress,
  plain,
  present,
  regionOf,
  type UserData,
  untouched,
} from '../conversions/index.ts'

const trimmed = (text: string) => text.trim()
const upper = (text: string) => country(text).toUpperCase()

/** In names of our own: each of Google's two APIs calls them something else, and a connection may change from one to the other. */
export function googleIdentifiers(user: UserData, defaultRegion: string | undefined): Identifiers {
  const region = regionOf(user, defaultRegion)
  return present({
    email: hashed(user.email, googleEmail),
    phone: hashed(user.phone, (text) => e164(text, region)),
    givenName: hashedOften(user.first_name, googleGivenName),
    familyName: hashedOften(user.last_name, googleFamilyName),
    city: plain(user.city, trimmed),
    state: plain(user.state, trimmed),
    postalCode: plain(user.zip, trimmed),
    regionCode: plain(user.country, upper),
    gclid: untouched(user.gclid),
    gbraid: untouched(user.gbraid),
    wbraid: untouched(user.wbraid),
    ipAddress: plain(user.client_ip_address, ipAddress),
    userAgent: untouched(user.client_user_agent),
  })
}

export const GOOGLE_WEIGHTS = {
  email: 3,
  gclid: 3,
  phone: 2,
  gbraid: 1.5,
  wbraid: 1.5,
  givenName: 0.3,
  familyName: 0.3,
  postalCode: 0.3,
  regionCode: 0.1,
  ipAddress: 0.2,
}

/** The one click that is sent: Google refuses some pairs. */
export function clickOf(conversion: Conversion): Identifiers {
  const { gclid, gbraid, wbraid } = identifiersOf(conversion)
  if (gclid !== undefined) return { gclid }
  if (gbraid !== undefined) return { gbraid }
  return wbraid === undefined ? {} : { wbraid }
}

/** An address is one only with all four of these; without one of them Google refuses the call. */
export function hasAddress({ givenName, familyName, postalCode, regionCode }: Identifiers): boolean {
  return [givenName, familyName, postalCode, regionCode].every((part) => part !== undefined)
}

/** Whether Google can find the person or the click without an address. */
export function hasClickOrContact(conversion: Conversion): boolean {
  const { email, phone } = identifiersOf(conversion)
  return email !== undefined || phone !== undefined || Object.keys(clickOf(conversion)).length > 0
}
