export { type BatchRefusal, indexesOf, refusedBatch, unreadable } from './answers.ts'
export { clickTimeMs, FBC, FBP, MAX_CLICK_AGE_MS } from './click-ids.ts'
export type * from './conversion-connector.ts'
export { EXTINFO_PARTS } from './conversion-connector.ts'
export { country } from './countries.ts'
export { NAME, NAME_FAULT, SECRET } from './credential.ts'
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
export { ipAddress } from './ip-address.ts'
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
  nameLetters,
  plain,
  untouched,
  withoutSpaces,
  zip,
} from './normalise.ts'
export { type LeftOut, NOTHING_SAID, type ReadPerson, readPerson, regionOf } from './person.ts'
export { e164, isRegion, validE164 } from './phone.ts'
export { stateIn } from './states.ts'
