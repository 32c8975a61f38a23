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
  countByDay,
  countOfDownload,
  countRows,
  type ReportId,
  type RowSource,
  readRows,
  readTexts,
  removeVanished,
  upsertRows,
  visitRows,
} from './stored-rows.ts'
export { Survey, type Surveyed } from './survey.ts'
export { csvOf, jsonOf } from './write-text.ts'
