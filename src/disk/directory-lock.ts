import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../errors.ts'
import { codeOf, DiskError } from './disk-error.ts'
import { makeOwn } from './own-file.ts'

/** Who uses a file, or did; and how much of it there must be. */
export interface Use {
  /** `opening`: nothing was written yet. `open`: until it is closed, or the process is killed. */
  readonly is: 'opening' | 'open' | 'closed'
  readonly pid: number
  readonly host: string
  readonly since: string
  /** There were this many entries at least. */
  readonly entries: number
}

/**
 * The right to use a directory's `<name>.db`: a file of its own that is locked as long as the process lives, however it ends.
 * The operating system frees it, so no lock is ever left behind by a dead process, and no process identity is guessed.
 */
export class DirectoryLock {
  /** The use before this one; undefined when there was none. */
  readonly before: Use | undefined
  readonly #file: string
  readonly #database: DatabaseSync
  #use: Use

  /**
   * @param name of what is locked, such as `ledger`
   * @throws DiskError `locked`, naming the holder; `unwritable`
   */
  constructor(directory: string, name: string, since: string) {
    this.#file = usePath(directory, name)
    this.#database = lock(join(directory, `${name}.lock`), this.#file)
    this.before = readUse(this.#file)
    const entries = this.before?.entries ?? 0
    this.#use = { is: 'opening', pid: process.pid, host: hostname(), since, entries }
    // A use that was killed stays on record until this one has written something.
    if (this.before?.is !== 'open') this.#write(this.#use)
  }

  /** Records that it is in use, or no more, and has so many entries. */
  set(is: Use['is'], entries: number): void {
    this.#use = { ...this.#use, is, entries }
    this.#write(this.#use)
  }

  release(): void {
    this.#database.close()
  }

  #write(use: Use): void {
    // Renamed into place, so that nobody reads half of it.
    const draft = `${this.#file}.new`
    makeOwn(draft)
    writeFileSync(draft, `${JSON.stringify(use)}\n`, { flush: true })
    renameSync(draft, this.#file)
  }
}

const BUSY = 5

function lock(path: string, useFile: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    makeOwn(path)
    database = new DatabaseSync(path, { timeout: 0 })
    // In memory, so that a lock needs no space on the disk.
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

/** The present use of a directory's `<name>.db`, or the last one. */
export const lastUse = (directory: string, name: string): Use | undefined => readUse(usePath(directory, name))

function readUse(path: string): Use | undefined {
  try {
    const use: Use = JSON.parse(readFileSync(path, 'utf8'))
    if (['opening', 'open', 'closed'].includes(use.is) && Number.isSafeInteger(use.entries)) return use
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  }
  throw new DiskError('damaged', `${path} cannot be read; delete it to accept what is beside it as it is`)
}
