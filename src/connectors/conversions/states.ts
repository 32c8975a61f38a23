import { country } from './countries.ts'
import { nameLetters } from './normalise.ts'

/** Names of the states and territories of the USA and of the provinces of Canada, in lower-case letters without anything between them. */
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
/** Countries whose states and provinces these are, with the territories that count as countries too. */
const COUNTRIES = new Set(['us', 'ca', 'pr', 'gu', 'as', 'vi', 'mp'])

/** The two letters of a state or province that is given by its name; others as they are. */
export const stateCode = (letters: string): string => codes.get(letters) ?? letters

/**
 * A state in the form of Meta and Snapchat: letters in lower case, two where it is one of the USA or Canada. Where the person lives in
 * another country, Montana and Georgia are no states of the USA.
 */
export function stateIn(land: string | undefined): (text: string) => string {
  const code = land === undefined ? '' : country(land)
  const isElsewhere = code !== '' && !COUNTRIES.has(code)
  return (text) => (isElsewhere ? nameLetters(text) : stateCode(nameLetters(text)))
}
