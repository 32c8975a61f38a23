import { mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../../errors.ts'
import { codeOf, DiskError } from './disk-error.ts'
import { makeOwnDatabase } from './own-file.ts'
import { checkLog } from './write-ahead-log.ts'

/** A kind of database file that this project writes. */
export interface FileKind {
  /** Name of the kind; the file is called `<name>.db`. */
  readonly name: string
  readonly applicationId: number
  readonly version: number
  /** SQL that creates the tables of a new file. */
  readonly schema: string
}

export const databasePath = (directory: string, { name }: FileKind): string => join(directory, `${name}.db`)

/**
 * Opens or creates a file. Every write to it is on the disk when it returns: it uses a write-ahead log with
 * `synchronous = FULL`. Both are checked, since a build of SQLite may default to less.
 *
 * @param hasLog whether there must be a write-ahead log, because the last use was not closed
 * @param mustExist whether the file existed before
 * @throws DiskError if a file is missing, damaged, or of another kind
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
    // Before any change: a file of another kind must stay as it is.
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

/** Opens a file read-only, beside the process that uses it. What is added meanwhile is not seen. */
export function openDatabaseToRead(directory: string, kind: FileKind): DatabaseSync {
  const path = databasePath(directory, kind)
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1_000 })
  checkKind(database, path, kind)
  database.exec('BEGIN')
  return database
}

/** Runs `work` in a transaction: all of its writes are made or none. */
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

/** The size of the write-ahead log, in bytes, at which it is checkpointed and restarted. */
const CHECKPOINT_BYTES = 4 << 20
/** A page of a database; a changed one is written to the log as a whole. */
const PAGE_BYTES = 4_096

/** How much was written to a write-ahead log since its last checkpoint, as far as can be told without reading it. */
export class LogSize {
  #bytes = 0

  /**
   * Counts a commit.
   *
   * @param rows how many rows it wrote, each to a page of its own at the worst
   * @param bytes how long they are together
   */
  add(rows: number, bytes: number): void {
    this.#bytes += (1 + rows) * PAGE_BYTES + bytes
  }

  /** Whether a checkpoint is due. If so, counting begins anew. */
  takeDue(): boolean {
    if (this.#bytes <= CHECKPOINT_BYTES) return false
    this.#bytes = 0
    return true
  }
}

/** Bytes of the pages in use. */
export function usedBytes(database: DatabaseSync): number {
  const pages = Number(pragma(database, 'page_count')) - Number(pragma(database, 'freelist_count'))
  return pages * Number(pragma(database, 'page_size'))
}

/**
 * Copies the whole log into the file, or throws. After a failed fsync the end of the log may read differently from what is
 * on the disk, so nothing may be appended to it.
 *
 * @throws DiskError if another process is reading the log
 */
export function emptyLog(database: DatabaseSync): void {
  const [isBusy] = Object.values(database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {})
  if (isBusy !== 0) throw new DiskError('unwritable', 'its log is being read, and cannot be written anew')
}

/** Copies the log into the file, so that the log restarts. */
export function checkpoint(database: DatabaseSync): void {
  database.exec('PRAGMA wal_checkpoint(PASSIVE)')
}

/** Creates the directory if it is missing, and those that it lies in. */
export function makeDirectory(directory: string): void {
  try {
    makePath(directory)
  } catch (error) {
    throw new DiskError('unwritable', `${directory} cannot be made: ${messageOf(error)}`)
  }
}

/**
 * Step by step, since Node's own recursive `mkdir` never ends where a directory exists and nothing can be made in it, as
 * in `/proc`; and on a read-only disk it says that the path is missing.
 */
function makePath(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return
  const above = dirname(directory)
  if (above !== directory) makePath(above)
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    // Another process or thread may have been first.
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB, as primary result codes: the lowest eight bits of an error code. */
const CORRUPT = [11, 26]

/** Turns the error of a failed open into one with a message for operators. */
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
