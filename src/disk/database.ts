import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../errors.ts'
import { codeOf, DiskError } from './disk-error.ts'
import { makeOwnDatabase } from './own-file.ts'
import { checkLog } from './write-ahead-log.ts'

/** A kind of file of ours. */
export interface FileKind {
  /** Also the file's: `<name>.db`. */
  readonly name: string
  readonly applicationId: number
  readonly version: number
  /** What a new one is made with. */
  readonly schema: string
}

export const databasePath = (directory: string, { name }: FileKind): string => join(directory, `${name}.db`)

/**
 * Opens a file, or makes it, so that every write is on the disk when it returns: write-ahead log with
 * `synchronous = FULL`, which is asserted, since a build may default to less.
 *
 * @param hasLog whether a write-ahead log must be there, because the last use was not ended
 * @param mustExist whether there was such a file before
 * @throws DiskError when the files are not there, damaged, or of another kind
 */
export function openDatabase(
  directory: string,
  kind: FileKind,
  { hasLog, mustExist }: { hasLog: boolean; mustExist: boolean },
): DatabaseSync {
  const path = databasePath(directory, kind)
  const accept = `restore it, or delete ${kind.name}.use beside it to accept that what it held is forgotten`
  if (!checkLog(`${path}-wal`) && hasLog) {
    throw new DiskError(
      'damaged',
      `${path}-wal is missing, and with it the end of the ${kind.name}; ${accept}`,
    )
  }
  makeOwnDatabase(path)
  const database = new DatabaseSync(path, { timeout: 1_000 })
  try {
    const isNew = pragma(database, 'page_count') === 0
    if (isNew && mustExist) throw new DiskError('damaged', `${path} is missing or empty; ${accept}`)
    // A file of another kind is left as it is.
    if (!isNew) checkKind(database, path, kind)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
    if (pragma(database, 'journal_mode') !== 'wal' || pragma(database, 'synchronous') !== 2) {
      throw new DiskError(
        'unwritable',
        `${path} cannot be written safely: no write-ahead log with full fsync`,
      )
    }
    if (isNew) {
      database.exec(
        `BEGIN IMMEDIATE; ${kind.schema}
         PRAGMA application_id = ${kind.applicationId}; PRAGMA user_version = ${kind.version}; COMMIT`,
      )
    }
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** For reading beside the process that uses it: one view of it, however much is added meanwhile. */
export function openDatabaseToRead(directory: string, kind: FileKind): DatabaseSync {
  const path = databasePath(directory, kind)
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1_000 })
  checkKind(database, path, kind)
  database.exec('BEGIN')
  return database
}

/** All of the work's writes or none. */
export function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Of pages that hold something. */
export function usedBytes(database: DatabaseSync): number {
  const pages = Number(pragma(database, 'page_count')) - Number(pragma(database, 'freelist_count'))
  return pages * Number(pragma(database, 'page_size'))
}

/** Copies the log into the file, so that the log starts anew. */
export function checkpoint(database: DatabaseSync): void {
  database.exec('PRAGMA wal_checkpoint(PASSIVE)')
}

/** Makes the directory where it is missing. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch {
    try {
      // Of a whole path on a disk that is read-only Node says that it is missing; of its last part it tells the cause.
      mkdirSync(directory, { mode: 0o700 })
    } catch (error) {
      throw new DiskError('unwritable', `${directory} cannot be made: ${messageOf(error)}`)
    }
  }
}

const CORRUPT = [11, 26]

/** Whatever opening a file of this name failed with, in words for an operator. */
export function openError(error: unknown, directory: string, name: string): unknown {
  if (error instanceof DiskError) return error
  const detail = messageOf(error)
  if (CORRUPT.includes((codeOf(error) ?? 0) & 0xff)) {
    return new DiskError(
      'damaged',
      `the ${name} in ${directory} is damaged: ${detail}; restore it from a copy`,
    )
  }
  return new DiskError('unwritable', `the ${name} in ${directory} cannot be used: ${detail}`)
}

function checkKind(database: DatabaseSync, path: string, { name, applicationId, version }: FileKind): void {
  if (pragma(database, 'application_id') !== applicationId) {
    throw new DiskError('foreign', `${path} is not a ${name} of Bidwarden`)
  }
  const found = pragma(database, 'user_version')
  if (found !== version) {
    throw new DiskError(
      'foreign',
      `${path} is a ${name} of version ${found}; this program knows version ${version}`,
    )
  }
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]
}
