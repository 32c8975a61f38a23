export {
  checkpoint,
  databasePath,
  emptyLog,
  type FileKind,
  LogSize,
  makeDirectory,
  openDatabase,
  openDatabaseToRead,
  openError,
  transaction,
  usedBytes,
} from './database.ts'
export { DirectoryLock, lastUse, type Use } from './directory-lock.ts'
export { DiskError, type WriteFailure, writeFailure } from './disk-error.ts'
export { DiskThread, diskThreads } from './disk-thread.ts'
export { type DiskState, GroupCommit } from './group-commit.ts'
export { makeOwn, makeOwnDatabase } from './own-file.ts'
export { type OpenFile, serveThread } from './serve-thread.ts'
export type { Traffic } from './thread-messages.ts'
export { checkLog } from './write-ahead-log.ts'
