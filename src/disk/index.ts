export {
  checkpoint,
  databasePath,
  type FileKind,
  makeDirectory,
  openDatabase,
  openDatabaseToRead,
  openError,
  transaction,
  usedBytes,
} from './database.ts'
export { DirectoryLock, lastUse, type Use } from './directory-lock.ts'
export { DiskError, type WriteFailure, writeFailure } from './disk-error.ts'
export { DiskThread, type Traffic } from './disk-thread.ts'
export { type DiskState, GroupCommit } from './group-commit.ts'
export { makeOwn, makeOwnDatabase } from './own-file.ts'
export { serveThread } from './serve-thread.ts'
export { checkLog } from './write-ahead-log.ts'
