export {
  accountRefOf,
  CAMPAIGNS_REPORT,
  type ConnectionInfo,
  infoOf,
  limitedAccountOf,
  noReport,
  reportTypesOf,
  specOf,
} from './connection.ts'
export type { WorkDeps } from './deps.ts'
export { JobRunner } from './job-runner.ts'
export { type RequestResult, survey, wantedRows } from './request-file.ts'
