export {
  type BatchRefusal,
  indexesOf,
  REFUSED_FOR_CONTENT,
  refusedBatch,
  subjectOf,
  unreadable,
} from './answers.ts'
export { clickTimeMs, FBC, FBP, MAX_CLICK_AGE_MS } from './click-ids.ts'
export type * from './conversion-connector.ts'
export { EXTINFO_PARTS } from './conversion-connector.ts'
export { country } from './countries.ts'
export { ANY_NAME, LASTING_TOKEN, SECRET } from './credential.ts'
export {
  appDataOf,
  DAY_MS,
  dedupIdOf,
  identifiersOf,
  isLimited,
  isPersonalDataDenied,
  itemCount,
  pageOf,
  predictedLtvOf,
  present,
  qualityOf,
  seconds,
} from './events.ts'
export { consentFault, currencyFault, lacksValue, unmapped } from './faults.ts'
export { ipAddress } from './ip-address.ts'
export { hashedOnes, leftOutOf, md5Ones } from './left-out.ts'
export {
  cityLetters,
  email,
  googleEmail,
  googleFamilyName,
  googleGivenName,
  hashed,
  hashedOften,
  hashedOrMd5,
  lower,
  plain,
  untouched,
  withoutSpaces,
  zip,
} from './normalise.ts'
export { type ReadPerson, readPerson, regionOf } from './person.ts'
export { personFields } from './person-fields.ts'
export { e164, isRegion, validE164 } from './phone.ts'
export { isPlaceholder, isPlaceholderOfId } from './placeholders.ts'
