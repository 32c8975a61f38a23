import { country } from './countries.ts'
import { nameLetters } from './normalise.ts'

/** Codes of US states and territories and Canadian provinces by name, in lower-case letters only. */
const CODES: Readonly<Record<string, string>> = {
  alabama: 'al',
  alaska: 'ak',
  americansamoa: 'as',
  arizona: 'az',
  arkansas: 'ar',
  california: 'ca',
  colorado: 'co',
  connecticut: 'ct',
  delaware: 'de',
  districtofcolumbia: 'dc',
  florida: 'fl',
  georgia: 'ga',
  guam: 'gu',
  hawaii: 'hi',
  idaho: 'id',
  illinois: 'il',
  indiana: 'in',
  iowa: 'ia',
  kansas: 'ks',
  kentucky: 'ky',
  louisiana: 'la',
  maine: 'me',
  maryland: 'md',
  massachusetts: 'ma',
  michigan: 'mi',
  minnesota: 'mn',
  mississippi: 'ms',
  missouri: 'mo',
  montana: 'mt',
  nebraska: 'ne',
  nevada: 'nv',
  newhampshire: 'nh',
  newjersey: 'nj',
  newmexico: 'nm',
  newyork: 'ny',
  northcarolina: 'nc',
  northdakota: 'nd',
  northernmarianaislands: 'mp',
  ohio: 'oh',
  oklahoma: 'ok',
  oregon: 'or',
  pennsylvania: 'pa',
  puertorico: 'pr',
  rhodeisland: 'ri',
  southcarolina: 'sc',
  southdakota: 'sd',
  tennessee: 'tn',
  texas: 'tx',
  utah: 'ut',
  vermont: 'vt',
  usvirginislands: 'vi',
  virginia: 'va',
  washington: 'wa',
  washingtondc: 'dc',
  westvirginia: 'wv',
  wisconsin: 'wi',
  wyoming: 'wy',
  alberta: 'ab',
  britishcolumbia: 'bc',
  manitoba: 'mb',
  newbrunswick: 'nb',
  newfoundlandandlabrador: 'nl',
  northwestterritories: 'nt',
  novascotia: 'ns',
  nunavut: 'nu',
  ontario: 'on',
  princeedwardisland: 'pe',
  quebec: 'qc',
  québec: 'qc',
  saskatchewan: 'sk',
  yukon: 'yt',
}

const codes = new Map(Object.entries(CODES))
/** Countries with these states and provinces, and US territories that count as countries too. */
const COUNTRIES = new Set(['us', 'ca', 'pr', 'gu', 'as', 'vi', 'mp'])

/** The two-letter code of a state or province given by its name; other texts unchanged. */
export const stateCode = (letters: string): string => codes.get(letters) ?? letters

/**
 * A state in the form of Meta and Snapchat: lower-case letters, or the two-letter code for the US and Canada. For a
 * person in another country, Montana or Georgia is no US state.
 */
export function stateIn(land: string | undefined): (text: string) => string {
  const code = land === undefined ? '' : country(land)
  const isElsewhere = code !== '' && !COUNTRIES.has(code)
  return (text) => (isElsewhere ? nameLetters(text) : stateCode(nameLetters(text)))
}
