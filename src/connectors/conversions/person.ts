import { clickIdOf, clickTimeMs, FBC, FBP, MAX_CLICK_AGE_MS } from './click-ids.ts'
import type { LeftOut, UserData } from './conversion-connector.ts'
import { country } from './countries.ts'
import { ipAddress } from './ip-address.ts'
import { email, isMd5, isSha256, readable } from './normalise.ts'
import { e164 } from './phone.ts'
import { isHashOfPlaceholder, isPlaceholder, isPlaceholderOfPerson } from './placeholders.ts'

export interface ReadPerson {
  readonly user: UserData
  /** Personal data that no platform gets, because its meaning is not certain. */
  readonly leftOut: readonly LeftOut[]
}

/** Printable characters without blanks, as in every click or cookie id. */
const TOKEN = /^[\x21-\x7e]+$/
/** Members that contain the id of a click or a browser. */
const IDS = [
  'fbc',
  'fbp',
  'gclid',
  'gbraid',
  'wbraid',
  'ttclid',
  'ttp',
  'sc_click_id',
  'sc_cookie1',
] as const satisfies readonly (keyof UserData)[]
const LOST = 'has characters that were lost when it was decoded'
const NO_ID = 'is no id: it has blanks or characters that are not printable ASCII'
const NO_ADDRESS = 'is not one public IP address'
const NO_COUNTRY = 'is neither an ISO 3166 code nor the English name of a country'
const NO_FBC = 'is no id of a click as Meta makes them: fb.1.<milliseconds>.<id>'
const NO_FBP = 'is no id of a browser as Meta makes them: fb.1.<milliseconds>.<number>'
const OLD_FBC = 'is of a click more than 90 days before the event, with which Meta refuses events'
const PLACEHOLDER = 'is a placeholder for a missing value'
const NO_EMAIL = 'is no e-mail address'
const NO_PHONE = 'is no phone number that can be read with certainty: it needs a plus and its country code'

/**
 * The country by whose rules a phone number without a country code is read: the person's country, or else the
 * connection's. If the person's country cannot be read, the connection's is not used in its place.
 */
export function regionOf({ country: said }: UserData, defaultRegion: string | undefined): string | undefined {
  if (said === undefined || said.trim() === '') return defaultRegion
  const code = country(readable(said))
  return code === '' ? undefined : code.toUpperCase()
}

/**
 * Values that are no id, and no hash of one, in members that must contain one. In other members, such as names, the
 * same text may be a real value.
 */
const IS_PLACEHOLDER: Partial<Record<keyof UserData, (text: string) => boolean>> = {
  ...Object.fromEntries(IDS.map((name) => [name, isPlaceholderOfPerson])),
  external_id: (text) => isPlaceholderOfPerson(text) || isHashOfPlaceholder(text),
  email: (text) => isPlaceholderOfPerson(text) || isHashOfPlaceholder(text),
  phone: (text) => isPlaceholderOfPerson(text) || isHashOfPlaceholder(text),
  fbc: (text) => isPlaceholderOfPerson(clickIdOf(text) ?? text),
}

/**
 * Reads the personal data of an event as far as it is certain: texts without invisible characters, one IP address, an
 * ISO code for the country, a phone number with its country code. What is not certain is left out, with its name.
 * @param defaultRegion ISO 3166 code for phone numbers if the person's country is not given
 * @param eventTimeMs Unix time of the event
 */
export function readPerson(
  said: UserData,
  defaultRegion: string | undefined,
  eventTimeMs: number,
): ReadPerson {
  const user: Record<string, string> = {}
  const leftOut: LeftOut[] = []
  for (const [key, raw] of Object.entries(said)) {
    const name = key as keyof UserData
    if (typeof raw !== 'string' || raw.trim() === '') continue
    const text = readable(raw)
    if ((IS_PLACEHOLDER[name] ?? isPlaceholder)(text))
      leftOut.push({ field: `user_data.${name}`, reason: PLACEHOLDER })
    else if (text !== '') user[name] = text
    else if (!raw.isWellFormed() || raw.includes('\ufffd'))
      leftOut.push({ field: `user_data.${name}`, reason: LOST })
  }
  const read = (name: keyof UserData, reason: string, form: (text: string) => string) => {
    const text = user[name]
    if (text === undefined) return
    const known = form(text)
    if (known === '') {
      leftOut.push({ field: `user_data.${name}`, reason })
      delete user[name]
    } else user[name] = known
  }
  const isPlaceless = isPlaceholder(said.country?.trim() ?? '')
  const region = isPlaceless ? defaultRegion : regionOf(said, defaultRegion)
  read('email', NO_EMAIL, (text) => (isHash(text) || email(text) !== '' ? text : ''))
  read('phone', NO_PHONE, (text) => (isHash(text) ? text : e164(text, region)))
  read('country', NO_COUNTRY, (text) => (isSha256(text) ? text : country(text).toUpperCase()))
  read('client_ip_address', NO_ADDRESS, ipAddress)
  for (const name of IDS) read(name, NO_ID, (text) => (TOKEN.test(text) ? text : ''))
  read('fbp', NO_FBP, (text) => (FBP.test(text) ? text : ''))
  read('fbc', NO_FBC, (text) => (FBC.test(text) ? text : ''))
  read('fbc', OLD_FBC, (text) => (eventTimeMs - clickTimeMs(text) > MAX_CLICK_AGE_MS ? '' : text))
  return { user, leftOut }
}

const isHash = (text: string): boolean => isSha256(text) || isMd5(text)
