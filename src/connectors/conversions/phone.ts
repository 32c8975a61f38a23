import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  isSupportedCountry,
  Metadata,
  type NumberingPlan,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js'

/** A number in international or national form, with only the usual separators between its digits. */
const INTERNATIONAL = /^\+[1-9][\d ().-]{5,24}$/
const NATIONAL = /^[\d ().-]{5,25}$/
const BETWEEN_DIGITS = /[ ().-]/g
/**
 * Longer texts are no phone numbers, even with an extension; in characters. The parser's regular expressions take up to
 * cubic time.
 */
const MAX_PARSED = 64
/**
 * The part of a phone link that says where a number is valid. The parser's regular expression for it takes exponential
 * time, so texts with it are never parsed.
 */
const CONTEXT = ';phone-context='
/** The prefix that stands for a plus in most of the world. */
const EXIT_CODE = /^00/

/**
 * A phone number in E.164 form, with its plus; empty if it cannot be one.
 * @param region two-letter ISO 3166 code for numbers without a country code. If it is missing or invalid, digits are
 * read as if they had a plus, if a number of some country can begin like that.
 */
export function e164(text: string, region: string | undefined): string {
  const trimmed = text.trim()
  if (INTERNATIONAL.test(trimmed)) {
    const number = trimmed.replace(BETWEEN_DIGITS, '')
    if (needsNoParsing(number)) return number
  }
  if (trimmed.length > MAX_PARSED || trimmed.toLowerCase().includes(CONTEXT)) return ''
  const country = region?.trim().toUpperCase() ?? ''
  const isNational = NATIONAL.test(trimmed)
  if (isSupportedCountry(country)) {
    const known = isNational ? completed(trimmed.replace(BETWEEN_DIGITS, ''), country) : undefined
    return known ?? possible(parsePhoneNumberFromString(trimmed, country))
  }
  if (!isNational) return possible(parsePhoneNumberFromString(trimmed))
  const number = parsePhoneNumberFromString(`+${trimmed.replace(EXIT_CODE, '')}`)
  // Without a plus it could also be a national number of an unknown country.
  return number?.isValid() ? number.number : ''
}

/** Whether phone numbers can be read by the rules of this country: an ISO 3166 code in capitals. */
export const isRegion = (code: string): boolean => code === code.toUpperCase() && isSupportedCountry(code)

/**
 * Mexican mobile numbers as WhatsApp writes them, and as they were dialled until 2019: with a 1 that is not part of the
 * number.
 */
const MEXICAN_MOBILE = /^(\+|00)?521(\d{10})$/

/** {@link e164}, but also empty if the country has no such number: for messages, which go to whoever has the number. */
export function validE164(text: string, region: string | undefined): string {
  const [, plus, national] = MEXICAN_MOBILE.exec(text.trim().replace(BETWEEN_DIGITS, '')) ?? []
  const isMexican = national !== undefined && (plus !== undefined || region === undefined || region === 'MX')
  const number = e164(isMexican ? `+52${national}` : text, region)
  return number !== '' && parsePhoneNumberFromString(number)?.isValid() ? number : ''
}

const possible = (number: PhoneNumber | undefined): string => (number?.isPossible() ? number.number : '')

/** How the numbers of a calling code are built. */
interface Plan {
  readonly callingCode: string
  /** The prefix that is dialled before a foreign number. */
  readonly exitCode: RegExp | undefined
  /** A prefix that some write before a national number; it does not belong into an international one. */
  readonly trunkPrefix: RegExp | undefined
  readonly lengths: ReadonlySet<number>
}

/** The country by whose rules numbers are read, for each calling code that several countries share. */
const MAIN_COUNTRY: ReadonlyMap<string, CountryCode> = new Map([
  ['1', 'US'],
  ['7', 'RU'],
  ['39', 'IT'],
  ['44', 'GB'],
  ['47', 'NO'],
  ['61', 'AU'],
])

/** By calling code, and by country. */
let plans: ReadonlyMap<string, Plan> | undefined

/**
 * Whether parsing would change nothing: no trunk prefix, and a valid length. This holds for most numbers, and parsing
 * one takes as long as thirty hashes.
 */
function needsNoParsing(number: string): boolean {
  plans ??= readPlans()
  for (let digits = 1; digits <= 3; digits++) {
    const plan = plans.get(number.slice(1, 1 + digits))
    if (plan === undefined) continue
    const national = number.slice(1 + digits)
    return plan.lengths.has(national.length) && !plan.trunkPrefix?.test(national)
  }
  return false
}

/**
 * A national number with its calling code, if parsing would do no more than join the two: no prefix, and a valid
 * length. Undefined: it must be parsed.
 */
function completed(digits: string, country: CountryCode): string | undefined {
  plans ??= readPlans()
  const plan = plans.get(country)
  if (!plan?.lengths.has(digits.length) || digits.startsWith(plan.callingCode)) return undefined
  return plan.trunkPrefix?.test(digits) || plan.exitCode?.test(digits)
    ? undefined
    : `+${plan.callingCode}${digits}`
}

function readPlans(): ReadonlyMap<string, Plan> {
  const countriesOf = Map.groupBy(getCountries(), (country) => getCountryCallingCode(country))
  const known = [...countriesOf].flatMap(([code, countries]) => {
    const country = countries.length === 1 ? countries[0] : MAIN_COUNTRY.get(code)
    const own = country && planOf(country)
    if (!country || !own) return []
    // If countries share a code, only parsing finds out which country the number belongs to.
    const all = countries.map((each) => planOf(each)?.lengths ?? new Set<number>())
    const lengths = all.reduce((common, each) => common.intersection(each), own.lengths)
    const plan = { ...own, lengths }
    return [
      [code, plan],
      [country, plan],
    ] as const
  })
  return new Map(known)
}

type WithPrefixes = NumberingPlan & {
  nationalPrefixForParsing(): string | undefined
  IDDPrefix(): string | undefined
}

/** The prefixes exist, but the library's types lack them. */
const hasPrefixes = (plan: NumberingPlan | undefined): plan is WithPrefixes =>
  plan !== undefined &&
  'nationalPrefixForParsing' in plan &&
  typeof plan.nationalPrefixForParsing === 'function' &&
  'IDDPrefix' in plan &&
  typeof plan.IDDPrefix === 'function'

function planOf(country: CountryCode): Plan | undefined {
  const metadata = new Metadata()
  metadata.selectNumberingPlan(country)
  const plan = metadata.numberingPlan
  if (!hasPrefixes(plan)) return undefined
  const beginning = (prefix: string | undefined) => (prefix ? new RegExp(`^(?:${prefix})`) : undefined)
  return {
    callingCode: getCountryCallingCode(country),
    exitCode: beginning(plan.IDDPrefix()),
    trunkPrefix: beginning(plan.nationalPrefixForParsing()),
    lengths: new Set(plan.possibleLengths()),
  }
}
