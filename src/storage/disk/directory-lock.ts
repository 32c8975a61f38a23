import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { hasErrorCode, messageOf } from '../../errors.ts'
import { codeOf, DiskError } from './disk-error.ts'
import { makeOwn } from './own-file.ts'

/** A record of who uses a file or used it last, and how many entries it must have. */
export interface Use {
  /** `opening`: nothing was written yet. `open`: written, and not closed; it stays so if the process is killed. */
  readonly is: 'opening' | 'open' | 'closed'
  readonly pid: number
  readonly host: string
  readonly since: string
  /** The file had at least this many entries. */
  readonly entries: number
}

/**
 * The exclusive right to use a directory's `<name>.db`. It is a lock on a separate file, held as long as the process lives.
 * The operating system frees it however the process ends, so a dead process never leaves a lock behind.
 */
export class DirectoryLock {
  /** The previous use; undefined if there was none. */
  readonly before: Use | undefined
  readonly #file: string
  readonly #database: DatabaseSync
  #use: Use

  /**
   * @param name name of what is locked, such as `ledger`
   * @param since when this use began, for the message to a second process
   * @throws DiskError `locked` with the holder's name, or `unwritable`
   */
  constructor(directory: string, name: string, since: string) {
    this.#file = usePath(directory, name)
    this.#database = lock(join(directory, `${name}.lock`), this.#file)
    this.before = readUse(this.#file)
    const entries = this.before?.entries ?? 0
    this.#use = { is: 'opening', pid: process.pid, host: hostname(), since, entries }
    // The record of a killed use stays until this use has written something, since its log must still be there.
    if (this.before?.is !== 'open') this.#write(this.#use)
  }

  /** Writes the use record: the state of this use, and the number of entries. */
  set(is: Use['is'], entries: number): void {
    this.#use = { ...this.#use, is, entries }
    this.#write(this.#use)
  }

  release(): void {
    this.#database.close()
  }

  #write(use: Use): void {
    // Renamed into place, so that no reader sees half of it.
    const draft = `${this.#file}.new`
    makeOwn(draft)
    writeFileSync(draft, `${JSON.stringify(use)}\n`, { flush: true })
    renameSync(draft, this.#file)
  }
}

/** SQLITE_BUSY: somebody else has the lock. */
const BUSY = 5

function lock(path: string, useFile: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    makeOwn(path)
    database = new DatabaseSync(path, { timeout: 0 })
    // The rollback journal is in memory, so that locking needs no space on the disk.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database?.close()
    if (codeOf(error) !== BUSY) {
      const detail = messageOf(error)
      throw new DiskError('unwritable', `${path} cannot be written: ${detail}`)
    }
    const use = readUse(useFile)
    const holder = use ? `process ${use.pid} on ${use.host} since ${use.since}` : 'another process'
    throw new DiskError('locked', `${path} is held by ${holder}; one process at a time may use it`)
  }
}

const usePath = (directory: string, name: string): string => join(directory, `${name}.use`)

/** The present or last use of a directory's `<name>.db`; undefined if there was none. */
export const lastUse = (directory: string, name: string): Use | undefined => readUse(usePath(directory, name))

function readUse(path: string): Use | undefined {
  try {
    const use: Use = JSON.parse(readFileSync(path, 'utf8'))
    if (['opening', 'open', 'closed'].includes(use.is) && Number.isSafeInteger(use.entries)) return use
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
  }
  throw new DiskError('damaged', `${path} cannot be read; delete it to accept what is beside it as it is`)
}
