import { GppModel, Sections } from '@iabgpp/cmpapi'
import { cachedReading } from './cached-reading.ts'
import { readGppHeader } from './gpp-header.ts'
import { readTcString } from './tc-string.ts'

/** Fields of the US sections in which 1 means "opted out". */
const OPT_OUTS: readonly string[] = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut']
/** The GPP section that contains a consent string for the EU. */
export const EU_SECTION = 2
const CANADA_SECTION = 5
const NOT_OF_THE_US: readonly number[] = [EU_SECTION, CANADA_SECTION]

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
export const readGpp: (text: string) => GppFacts | undefined = cachedReading((text) => {
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
