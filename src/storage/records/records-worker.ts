import type { OpenFile } from '../disk/index.ts'
import type { RecordsTraffic } from './disk-records.ts'
import { type OpenRecords, RecordsFile } from './records-file.ts'

export const open: OpenFile<RecordsTraffic, OpenRecords> = (how) => ({
  file: RecordsFile.open(how),
  opened: undefined,
})
