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

/** A number that is written internationally, or within its country, with nothing but what people put between digits. */
const INTERNATIONAL = /^\+[1-9][\d ().-]{5,24}$/
const NATIONAL = /^[\d ().-]{5,25}$/
const BETWEEN_DIGITS = /[ ().-]/g
/** Longer texts are no numbers, not even with an extension. The parser's patterns take up to the cube of the length. */
const MAX_PARSED = 64
/** What tells, in a link, where a number is valid. The parser's pattern for it takes exponential time, so it never sees one. */
const CONTEXT = ';phone-context='
/** What stands for a plus in most of the world. */
const EXIT_CODE = /^00/

/**
 * A phone number in the form of E.164, with its plus; empty where it cannot be one.
 * @param region ISO 3166 code of two letters, for numbers without a country code. Where it is missing or is no region, digits are read
 *   as if they had a plus, if a number of that country can begin so.
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
  // Without a plus it may as well be a number within a country that nobody has named.
  return number?.isValid() ? number.number : ''
}

/** Whether phone numbers can be read by the rules of this country or region: its ISO 3166 code, in capitals. */
export const isRegion = (code: string): boolean => code === code.toUpperCase() && isSupportedCountry(code)

/** Mobile numbers of Mexico as WhatsApp writes them, and as they were dialled until 2019: with a 1 that is no part of the number. */
const MEXICAN_MOBILE = /^(\+|00)?521(\d{10})$/

/** As {@link e164}, but empty, too, where the country has no such number: for what goes to whoever has it. */
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
  /** What is dialled before a number of another country. */
  readonly exitCode: RegExp | undefined
  /** What some write before a number within the country, and what has no place in an international number. */
  readonly trunkPrefix: RegExp | undefined
  readonly lengths: ReadonlySet<number>
}

/** For each calling code that several countries share: the country by whose rules their numbers are read. */
const MAIN_COUNTRY: ReadonlyMap<string, CountryCode> = new Map([
  ['1', 'US'],
  ['7', 'RU'],
  ['39', 'IT'],
  ['44', 'GB'],
  ['47', 'NO'],
  ['61', 'AU'],
])

/** By calling code, and by the country of each of them. */
let plans: ReadonlyMap<string, Plan> | undefined

/**
 * Whether parsing would change nothing: no trunk prefix, and a length that the country has. That is so for most numbers that callers
 * send, and parsing one takes as long as thirty hashes.
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
 * A number within a country with its calling code, where parsing would only put the two together: nothing before it, and a length that the
 * country has. Undefined: it has to be parsed.
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
    // Countries may share a code; then parsing has to find out which one the number is of.
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

/** They are there, but not in the library's types. */
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
