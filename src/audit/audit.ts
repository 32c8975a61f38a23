import { randomUUID } from 'node:crypto'
import { AppError, messageOf } from '../errors.ts'
import { parseJson } from '../json/json.ts'
import type { Logger } from '../log.ts'
import {
  type ChangesQuery,
  type Entry,
  type KeptText,
  type Records,
  RecordsUnavailable,
} from '../storage/index.ts'
import { type Clock, every } from '../time/clock.ts'
import { type AuditedChange, type KeptChange, readChange, type Who } from './change.ts'
import { bounded, boundedValues } from './differences.ts'

export interface AuditPage {
  /** Changes, newest first; `change` is undefined for a damaged row. */
  readonly changes: readonly { readonly id: string; readonly change: KeptChange | undefined }[]
  readonly next?: number
}

interface Options {
  readonly records: Records
  readonly clock: Clock
  readonly log: Logger
}

/** Most changes that wait to be written; further ones are only in the log. */
const MAX_UNWRITTEN = 1_000
const WRITE_MS = 1_000

/** Logs and records who changed what. */
export class Audit {
  readonly #options: Options
  /** Rows that could not be written yet, by id. */
  readonly #unwritten = new Map<string, Entry>()
  readonly #stopWriting: () => void

  constructor(options: Options) {
    this.#options = options
    this.#stopWriting = every(options.clock, WRITE_MS, () => void this.#writeWaiting())
  }

  /**
   * Makes a change and records who made it and its result. A change that lets more be spent is recorded first, and not
   * made if that fails. A change that lowers risk is always made, and recorded once that is possible.
   * @param toOf returns the new value, where it is known only afterwards
   * @throws AppError `records_unavailable`, and whatever `make` throws
   */
  async record<T>(
    who: Who,
    change: AuditedChange,
    make: () => T | Promise<T>,
    toOf?: (made: T) => unknown,
  ): Promise<T> {
    const begun = this.#rowOf(who, change)
    if (!change.lowersRisk) await this.#writeFirst(begun)
    // The value may have changed while the row was written.
    const row = { ...begun, ...boundedValues(change.values?.()) }
    try {
      const made = await make()
      const to = toOf && bounded(toOf(made))
      await this.#write({ ...row, ...(to !== undefined && { to }), outcome: 'done' })
      return made
    } catch (error) {
      const code = error instanceof AppError ? error.code : 'internal'
      await this.#write({ ...row, outcome: 'failed', code })
      throw error
    }
  }

  /**
   * Records changes that were made already, with the values that the next start compares with.
   * @throws RecordsUnavailable
   */
  async found(who: Who, changes: readonly AuditedChange[], fact: KeptText): Promise<void> {
    const { records, log } = this.#options
    if (!records.lasts) return
    const rows = changes.map((change) => ({ ...this.#rowOf(who, change), outcome: 'done' as const }))
    await records.append([...rows.map(entryOf), { put: 'fact', ...fact }])
    for (const { id: _, atMs: __, ...said } of rows) log.warn(said, 'changed')
  }

  /**
   * Lists changes, one page at a time.
   * @throws AppError `records_unavailable`
   */
  async list(query: ChangesQuery): Promise<AuditPage> {
    try {
      const { changes, next } = await this.#options.records.changes(query)
      return {
        changes: changes.map(({ id, text }) => ({
          id,
          change: text === undefined ? undefined : readChange(parseJson(text)),
        })),
        ...(next !== undefined && { next }),
      }
    } catch (error) {
      if (!(error instanceof RecordsUnavailable)) throw error
      throw new AppError('records_unavailable', `The changes cannot be read: ${error.message}`, 'later')
    }
  }

  close(): void {
    this.#stopWriting()
  }

  #rowOf({ name: caller, org }: Who, change: AuditedChange): KeptChange {
    const { action, target, reason } = change
    const atMs = this.#options.clock.nowMs()
    return {
      ...{ id: randomUUID(), atMs, action, target, caller, org, outcome: 'begun' },
      ...boundedValues(change.values?.()),
      ...(reason !== undefined && { reason }),
    }
  }

  async #writeFirst(row: KeptChange): Promise<void> {
    const { records } = this.#options
    const notMade = (why: string) =>
      new AppError(
        'records_unavailable',
        `It cannot be recorded who makes this change, so it is not made: ${why}`,
        'later',
      )
    // Checked before appending, because a rejected append is still written later.
    if (records.state.is === 'away') throw notMade(records.state.detail)
    try {
      await records.append([entryOf(row)])
    } catch (error) {
      if (!(error instanceof RecordsUnavailable)) throw error
      this.#wait({ ...row, outcome: 'failed', code: 'records_unavailable' }, error.message)
      throw notMade(error.message)
    }
  }

  /** Logs a finished change and records it, now or later. Never rejects because of the disk. */
  async #write(row: KeptChange): Promise<void> {
    const { records, log } = this.#options
    const { id: _, atMs: __, ...said } = row
    log.warn(said, row.outcome === 'done' ? 'changed' : 'a change failed')
    if (records.state.is === 'away') {
      this.#wait(row, records.state.detail)
      return
    }
    try {
      await records.append([entryOf(row)])
    } catch (error) {
      // The records retry a write that had begun when the disk failed.
      if (!(error instanceof RecordsUnavailable)) throw error
      log.error({ ...said, detail: messageOf(error) }, 'a change cannot be recorded now')
    }
  }

  #wait(row: KeptChange, detail: string): void {
    const isKept = this.#unwritten.size < MAX_UNWRITTEN
    if (isKept) this.#unwritten.set(row.id, entryOf(row))
    const { action, target, caller } = row
    const message = isKept ? 'a change cannot be recorded now' : 'a change is in this log alone'
    this.#options.log.error({ action, target, caller, detail }, message)
  }

  async #writeWaiting(): Promise<void> {
    const { records } = this.#options
    if (this.#unwritten.size === 0 || records.state.is === 'away') return
    const entries = [...this.#unwritten.values()]
    this.#unwritten.clear()
    await records.append(entries).catch((error) => {
      if (!(error instanceof RecordsUnavailable)) throw error
    })
  }
}

/** Whether changes of this kind come by the thousand, as uploads and bids above a threshold do. */
const isRoutine = (action: string): boolean =>
  action.startsWith('ltv.') || action === 'approval.noted' || action === 'approval.asked'

const entryOf = (row: KeptChange): Entry => {
  const { id, atMs, org, action, target, caller } = row
  return {
    put: 'change',
    id,
    atMs,
    org,
    action,
    target,
    caller,
    isRoutine: isRoutine(action),
    text: JSON.stringify(row),
  }
}
