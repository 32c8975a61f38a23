export { openRecords, type RecordsSettings } from './open-records.ts'
export {
  type Entry,
  KEY_MS,
  memoryRecords,
  type Payment,
  type Records,
  RecordsUnavailable,
  type Recovered,
} from './records.ts'
