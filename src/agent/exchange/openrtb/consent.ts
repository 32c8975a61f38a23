import { cachedReading } from './cached-reading.ts'
import { readTcString, type TcString } from './tc-string.ts'

/** TCF purposes needed to look a user up: 1 store information on a device, 4 select personalised ads. */
const PURPOSES: readonly number[] = [1, 4]
/** Type of a publisher's restriction that requires consent, which we require anyway. */
const CONSENT_REQUIRED = 1

/**
 * Returns a function that says whether a TCF consent string allows looking the user up. A string that cannot be read
 * does not.
 * @param vendorId our id on the Global Vendor List; undefined to read purposes alone
 */
export function consentReader(vendorId: number | undefined): (text: string) => boolean {
  const allows = cachedReading((text) => {
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
