import { Bits } from './bits.ts'

/**
 * A consent string of the TCF, version 2. It is read here and not by a library, because libraries write out every
 * vendor of a range: a string of a few hundred characters can name all 65,535 vendors hundreds of times, which takes
 * seconds.
 */
export interface TcString {
  /** Purposes that the user has consented to. */
  readonly purposes: ReadonlySet<number>
  readonly vendorConsents: Vendors
  /** Vendors disclosed to the user: one list for each segment that has one. */
  readonly disclosed: readonly Vendors[]
  readonly restrictions: readonly Restriction[]
}

interface Vendors {
  readonly isEmpty: boolean
  has(vendorId: number): boolean
}

/** A publisher's restriction of a purpose for these vendors. */
interface Restriction {
  readonly purpose: number
  readonly type: number
  readonly vendors: Vendors
}

const VERSION = 2
/** Bits between the version and the purposes: times, the consent tool, versions of lists, special features. */
const BEFORE_PURPOSES = 146
const PURPOSES = 24
/** Bits between the purposes and the vendors: legitimate interests, treatment of purpose 1, country. */
const BEFORE_VENDORS = 37
/** Type of a later segment that lists disclosed vendors. */
const DISCLOSED_VENDORS = 1

/** Reads a consent string; throws an Error when it cannot be read. */
export function readTcString(text: string): TcString {
  const [core = '', ...more] = text.split('.')
  const bits = new Bits(core)
  if (bits.take(6) !== VERSION) throw new Error('not version 2')
  bits.skip(BEFORE_PURPOSES)
  const purposes = bits.places(PURPOSES)
  bits.skip(BEFORE_VENDORS)
  const vendorConsents = readVendors(bits)
  readVendors(bits)
  const restrictions = repeated(bits, readRestriction)
  const disclosed = more.flatMap((segment) => {
    const bits = new Bits(segment)
    return bits.take(3) === DISCLOSED_VENDORS ? [readVendors(bits)] : []
  })
  return { purposes, vendorConsents, disclosed, restrictions }
}

const readRestriction = (bits: Bits): Restriction => ({
  purpose: bits.take(6),
  type: bits.take(2),
  vendors: readRanges(bits),
})

/** Reads vendors: one bit for each id up to the highest, or ranges of ids. */
function readVendors(bits: Bits): Vendors {
  const highest = bits.take(16)
  if (bits.flag()) return readRanges(bits)
  const ids = bits.places(highest)
  return { isEmpty: ids.size === 0, has: (id) => ids.has(id) }
}

function readRanges(bits: Bits): Vendors {
  const ranges = repeated(bits, (bits) => {
    const isRange = bits.flag()
    const first = bits.take(16)
    return { first, last: isRange ? bits.take(16) : first }
  })
  return {
    isEmpty: ranges.every(({ first, last }) => first > last),
    has: (id) => ranges.some(({ first, last }) => id >= first && id <= last),
  }
}

function repeated<T>(bits: Bits, read: (bits: Bits) => T): T[] {
  const count = bits.take(12)
  return Array.from({ length: count }, () => read(bits))
}
