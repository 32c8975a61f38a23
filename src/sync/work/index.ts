export { type RequestResult, survey, wantedRows } from './artefact.ts'
export { accountRefOf, type ConnectionInfo, infoOf, noReport, reportTypesOf, specOf } from './connection.ts'
export type { WorkDeps } from './deps.ts'
export { startWorker, type Worker } from './worker.ts'
