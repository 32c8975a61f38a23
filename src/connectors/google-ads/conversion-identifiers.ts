import {
  type Conversion,
  country,
  e164,
  googleEmail,
  googleFamilyName,
  googleGivenName,
  hashed,
  hashedOften,
  hashedOnes,
  type Identifiers,
  identifiersOf,
  ipAddress,
  type LeftOut,
  leftOutOf,
  md5Ones,
  plain,
  present,
  regionOf,
  type UserData,
  untouched,
} from '../conversions/index.ts'

const trimmed = (text: string) => text.trim()
const upper = (text: string) => country(text).toUpperCase()

/**
 * The identifiers under names of our own: Google's two APIs name them differently, and a connection may switch between
 * the APIs.
 */
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
    ipAddress: mayHaveIpAddress(region) ? plain(user.client_ip_address, ipAddress) : undefined,
    userAgent: untouched(user.client_user_agent),
  })
}

/**
 * The European Economic Area with its territories that have codes of their own, the United Kingdom with its
 * dependencies, and Switzerland: Google matches no IP addresses of people there and asks not to be sent any.
 */
const WITHOUT_IP_ADDRESS = new Set(
  (
    'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO ' +
    'AX GF GP MF MQ RE YT GB GG GI IM JE CH'
  ).split(' '),
)

/** @param region ISO 3166 code of the person's country; undefined if it is unknown, so that it may be one of these */
const mayHaveIpAddress = (region: string | undefined): boolean =>
  region !== undefined && !WITHOUT_IP_ADDRESS.has(region)

const CLICKS = ['gclid', 'gbraid', 'wbraid'] as const

/** Personal data that is not sent to Google because of what else the event has or lacks, and why. */
export function googleLeftOut(user: UserData, defaultRegion: string | undefined): LeftOut[] {
  const [sent, ...others] = CLICKS.filter((name) => user[name] !== undefined)
  const region = regionOf(user, defaultRegion)
  const why =
    region === undefined
      ? 'Google takes none of people in Europe, and the country of this person is not known'
      : 'Google takes none of people in the European Economic Area, the United Kingdom and Switzerland'
  const isAddress = [user.first_name, user.last_name, user.zip, user.country].every(
    (part) => part !== undefined,
  )
  const names = isAddress
    ? []
    : (['first_name', 'last_name'] as const).filter((name) => user[name] !== undefined)
  return [
    ...md5Ones(user, 'Google'),
    ...hashedOnes(user, ['zip', 'country'], 'Google'),
    ...others.map((name) => leftOutOf(name, `Google takes one id of a click, and ${sent} is sent`)),
    ...(user.client_ip_address === undefined || mayHaveIpAddress(region)
      ? []
      : [leftOutOf('client_ip_address', why)]),
    ...names.map((name) =>
      leftOutOf(name, 'Google takes a name only with both names, postal code and country'),
    ),
  ]
}

/** Weights of the identifiers in the estimate of match quality: how reliably Google finds a person or click by each. */
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

/** The one click id that is sent: Google refuses some combinations. */
export function clickOf(conversion: Conversion): Identifiers {
  const { gclid, gbraid, wbraid } = identifiersOf(conversion)
  if (gclid !== undefined) return { gclid }
  if (gbraid !== undefined) return { gbraid }
  return wbraid === undefined ? {} : { wbraid }
}

/** Google accepts an address only with all four of these; without one of them it refuses the call. */
export function hasAddress({ givenName, familyName, postalCode, regionCode }: Identifiers): boolean {
  return [givenName, familyName, postalCode, regionCode].every((part) => part !== undefined)
}

/** Whether Google can find the person or the click without an address. */
export function hasClickOrContact(conversion: Conversion): boolean {
  const { email, phone } = identifiersOf(conversion)
  return email !== undefined || phone !== undefined || Object.keys(clickOf(conversion)).length > 0
}
