export {
  type Claimed,
  claim,
  type DueConnection,
  dueConnections,
  endLeftLeases,
  renew,
  timeOf,
} from './claim.ts'
export { type DeliveryOutcome, type EndedDelivery, finish } from './finish.ts'
export { mayCountTwice } from './recognition.ts'
export { replay } from './replay.ts'
export { type ConversionRows, forgetOld, giveUpExpired, shortenTables } from './sweep.ts'
