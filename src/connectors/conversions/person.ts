import type { UserData } from './conversion-connector.ts'
import { country } from './countries.ts'
import { ipAddress } from './ip-address.ts'
import { email, isMd5, isSha256, readable } from './normalise.ts'
import { e164 } from './phone.ts'

/** What a caller said about a person and no platform gets, because nobody can be certain what it means. */
export interface LeftOut {
  /** Name of the caller's member, for example `user_data.phone`. */
  readonly field: string
  readonly reason: string
}

export interface ReadPerson {
  readonly user: UserData
  readonly leftOut: readonly LeftOut[]
}

/** Printable, without blanks: every id of a click or cookie is. */
const TOKEN = /^[\x21-\x7e]+$/
const IDS = [
  ...(['fbc', 'fbp', 'gclid', 'gbraid', 'wbraid', 'ttclid', 'ttp', 'sc_click_id', 'sc_cookie1'] as const),
] satisfies readonly (keyof UserData)[]
const LOST = 'has characters that are lost'
const NO_ID = 'is no id: it has blanks or characters that are not printable ASCII'
const NO_ADDRESS = 'is not one public IP address'
const NO_COUNTRY = 'is neither an ISO 3166 code nor the English name of a country'
const NO_EMAIL = 'is no e-mail address'
const NO_PHONE = 'is no phone number that can be read with certainty: it needs a plus and its country code'

/**
 * The region by whose rules a phone number without a country code is read: the person's country, or else the connection's. A country that
 * cannot be read is not replaced by another one.
 */
export function regionOf({ country: said }: UserData, defaultRegion: string | undefined): string | undefined {
  if (said === undefined || said.trim() === '') return defaultRegion
  const code = country(readable(said))
  return code === '' ? undefined : code.toUpperCase()
}

/**
 * What was said about a person as far as it is certain: texts without what nobody sees, one IP address, an ISO code for the country, the
 * phone number with its country code. What is not certain is left out and named.
 * @param defaultRegion ISO 3166 code for phone numbers where the person's country is not given
 */
export function readPerson(said: UserData, defaultRegion: string | undefined): ReadPerson {
  const user: Record<string, string> = {}
  const leftOut: LeftOut[] = []
  for (const [name, raw] of Object.entries(said)) {
    if (typeof raw !== 'string' || raw.trim() === '') continue
    const text = readable(raw)
    if (text !== '') user[name] = text
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
  const region = regionOf(said, defaultRegion)
  read('email', NO_EMAIL, (text) => (isHash(text) || email(text) !== '' ? text : ''))
  read('phone', NO_PHONE, (text) => (isHash(text) ? text : e164(text, region)))
  read('country', NO_COUNTRY, (text) => (isSha256(text) ? text : country(text).toUpperCase()))
  read('client_ip_address', NO_ADDRESS, ipAddress)
  for (const name of IDS) read(name, NO_ID, (text) => (TOKEN.test(text) ? text : ''))
  return { user, leftOut }
}

const isHash = (text: string): boolean => isSha256(text) || isMd5(text)
