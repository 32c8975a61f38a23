export { type FileStore, localPath, openFile, publish, removeFile } from './files.ts'
export {
  countInSlices,
  forgetGroup,
  forgetRowsBefore,
  forgottenOf,
  oldestDate,
  type RowGroup,
  reportsWithRows,
} from './forgotten.ts'
export { ReportFiles } from './report-files.ts'
export {
  countOfDownload,
  countRows,
  type ReportId,
  type RowSource,
  readRows,
  readTexts,
  removeVanished,
  sumByDay,
  upsertRows,
} from './rows.ts'
export { Survey, type Surveyed } from './survey.ts'
export { csvOf, jsonOf } from './write-text.ts'
