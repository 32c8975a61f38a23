import { GppModel, Sections } from '@iabgpp/cmpapi'
import { LRUCache } from 'lru-cache'
import { readGppHeader } from './gpp-header.ts'
import { readTcString, type TcString } from './tc-string.ts'

/** Reads the privacy strings that consent tools make. The results of the latest strings are cached. */

/** Longest string that is decoded, in characters; the longest real ones have about 2,000. */
const MAX_STRING = 4_000
/** Number of decoded strings in the cache: users send the same string again and again. */
const REMEMBERED = 2_000
/** TCF purposes needed to look a user up: 1 store information on a device, 4 select personalised ads. */
const PURPOSES: readonly number[] = [1, 4]
/** Fields of the US sections in which 1 means "opted out". */
const OPT_OUTS: readonly string[] = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut']
/** The GPP section that contains a consent string for the EU. */
export const EU_SECTION = 2
const CANADA_SECTION = 5
const NOT_OF_THE_US: readonly number[] = [EU_SECTION, CANADA_SECTION]
/** Type of a publisher's restriction that requires consent, which we require anyway. */
const CONSENT_REQUIRED = 1

/** The content of a GPP string. */
export interface GppFacts {
  /** Ids of the sections that forbid looking the user up. */
  readonly refusing: readonly number[]
  /** The consent string in the section for the EU. */
  readonly consent: string | undefined
}

/**
 * Reads a GPP string; undefined when it cannot be read. The library decodes only the US sections, which contain no
 * lists of unbounded length.
 */
export const readGpp: (text: string) => GppFacts | undefined = remembering((text) => {
  // Before GPP existed, the EU consent string was sent alone.
  if (text.startsWith('C')) return { refusing: [], consent: checked(text) }
  const [header = '', ...sections] = text.split('~')
  const ids = readGppHeader(header, sections.length)
  const refusing = ids.filter((id, i) => {
    const name = NOT_OF_THE_US.includes(id) ? undefined : Sections.SECTION_ID_NAME_MAP.get(id)
    return name !== undefined && optsOut(readSection(name, sections[i] ?? ''))
  })
  return { refusing, consent: checked(sections[ids.indexOf(EU_SECTION)]) }
})

/** Returns the consent string; throws when it cannot be read, which makes the whole GPP string unreadable. */
function checked(consent: string | undefined): string | undefined {
  if (consent !== undefined) readTcString(consent)
  return consent
}

function readSection(name: string, text: string): Record<string, unknown> {
  // The library would read it as one in which nothing is opted out of.
  if (text === '') throw new Error('the section is blank')
  const model = new GppModel()
  model.decodeSection(name, text)
  return model.getSection(name)
}

/**
 * Whether a US section opts the user out. A user is a known child if a field for children has any value but "not
 * applicable" (0).
 */
function optsOut(section: Record<string, unknown>): boolean {
  if (section['OptOutSale'] === 'Y' || section['Gpc'] === true) return true
  if (OPT_OUTS.some((field) => section[field] === 1)) return true
  const child = section['KnownChildSensitiveDataConsents']
  return (Array.isArray(child) ? child : [child]).some(
    (code: unknown) => typeof code === 'number' && code !== 0,
  )
}

/**
 * Returns a function that says whether a TCF consent string allows looking the user up. A string that cannot be read
 * does not.
 * @param vendorId our id on the Global Vendor List; undefined to read purposes alone
 */
export function consentReader(vendorId: number | undefined): (text: string) => boolean {
  const allows = remembering((text) => {
    const consent = readTcString(text)
    return (
      PURPOSES.every((purpose) => consent.purposes.has(purpose)) &&
      (vendorId === undefined || allowsVendor(consent, vendorId))
    )
  })
  return (text) => allows(text) === true
}

/**
 * Whether the string allows this vendor. Consent is our only legal basis for both purposes, so a publisher's
 * restriction to another basis forbids them as well.
 */
function allowsVendor({ vendorConsents, disclosed, restrictions }: TcString, vendorId: number): boolean {
  if (!vendorConsents.has(vendorId)) return false
  // From TCF 2.3 on, the string lists the vendors that were disclosed to the user.
  if (!disclosed.every((vendors) => vendors.isEmpty || vendors.has(vendorId))) return false
  return !restrictions.some(
    ({ purpose, type, vendors }) =>
      PURPOSES.includes(purpose) && type !== CONSENT_REQUIRED && vendors.has(vendorId),
  )
}

/** Caches the results of `read`. The result is undefined where `read` throws, and for a text that is too long. */
function remembering<T>(read: (text: string) => T): (text: string) => T | undefined {
  const known = new LRUCache<string, { readonly is: T | undefined }>({ max: REMEMBERED })
  return (text) => {
    if (text.length > MAX_STRING) return undefined
    const kept = known.get(text)
    if (kept) return kept.is
    const is = readOr(read, text)
    known.set(text, { is })
    return is
  }
}

function readOr<T>(read: (text: string) => T, text: string): T | undefined {
  try {
    return read(text)
  } catch {
    return undefined
  }
}
