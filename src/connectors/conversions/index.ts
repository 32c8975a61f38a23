export { type BatchRefusal, indexesOf, refusedBatch, unreadable } from './answers.ts'
export type * from './conversion-connector.ts'
export {
  createDedupIds,
  DAY_MS,
  identifiersOf,
  isLimited,
  isPersonalDataDenied,
  itemCount,
  pageOf,
  present,
  qualityOf,
  seconds,
} from './events.ts'
export {
  cityLetters,
  country,
  email,
  googleEmail,
  googleFamilyName,
  googleGivenName,
  hashed,
  hashedOrMd5,
  lower,
  nameLetters,
  plain,
  untouched,
  withoutSpaces,
  zip,
} from './normalise.ts'
export { e164 } from './phone.ts'
export { stateCode } from './states.ts'
