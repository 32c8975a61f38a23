export { type Column, ColumnFinder } from './columns.ts'
export { type FileStore, localPath, openFile, publish, removeFile } from './files.ts'
export {
  countOfDownload,
  countRows,
  type ReportId,
  type RowSource,
  readRows,
  removeVanished,
  sumByDay,
  upsertRows,
} from './rows.ts'
export { writeParquet } from './write-parquet.ts'
export { csvOf, jsonOf } from './write-text.ts'
