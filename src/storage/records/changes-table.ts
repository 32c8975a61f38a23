import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ChangesPage, ChangesQuery, Entry } from './records.ts'
import { CHANGES } from './records-schema.ts'
import { isSound, sumOf } from './row-sum.ts'

/** The most changes that are kept, and for how long (ms). */
export interface KeepChanges {
  readonly maxRows: number
  readonly maxAgeMs: number
}

type ChangeEntry = Extract<Entry, { put: 'change' }>

/** The most rows that one query scans: bids wait for the same thread. */
const MAX_ROWS_SCANNED = 5_000

/** The table of changes in a records file: who changed what. */
export class ChangesTable {
  readonly #database: DatabaseSync
  readonly #keep: KeepChanges
  readonly #put: StatementSync

  constructor(database: DatabaseSync, keep: KeepChanges) {
    database.exec(CHANGES)
    this.#database = database
    this.#keep = keep
    this.#put = database.prepare(
      `INSERT INTO changes (id, at_ms, org, action, target, caller, is_routine, text, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET text = excluded.text, sum = excluded.sum`,
    )
  }

  /** Inserts or replaces a change. Call it within a transaction. */
  write({ id, atMs, org, action, target, caller, isRoutine, text }: ChangeEntry): void {
    const routine = isRoutine ? 1 : 0
    this.#put.run(id, Math.floor(atMs), org, action, target, caller, routine, text, sumOf(id, text))
  }

  /** A page of changes, latest first. It may have fewer rows than asked for, or none, although `next` says that more follow. */
  read({ before, limit, fromMs, toMs, targets, ...equal }: ChangesQuery): ChangesPage {
    const first = before ?? Number.MAX_SAFE_INTEGER
    const scanned = this.#database
      .prepare(
        `SELECT count(*) AS count, coalesce(min(number), 0) AS lowest
         FROM (SELECT number FROM changes WHERE number < ? ORDER BY number DESC LIMIT ${MAX_ROWS_SCANNED})`,
      )
      .get(first)
    const lowest = Number(scanned?.['lowest'])
    const named = Object.entries(equal).filter(
      (pair): pair is [string, string | number] => pair[1] !== undefined,
    )
    const rows = this.#database
      .prepare(
        `SELECT number, id, text, sum FROM changes WHERE number < ? AND number >= ? AND at_ms >= ? AND at_ms < ?
         ${named.map(([column]) => `AND ${column} = ?`).join(' ')}
         ${targets ? `AND target IN (${targets.map(() => '?').join(', ')})` : ''} ORDER BY number DESC LIMIT ?`,
      )
      .all(
        first,
        lowest,
        Math.floor(fromMs ?? 0),
        Math.ceil(toMs ?? Number.MAX_SAFE_INTEGER),
        ...named.map(([, value]) => value),
        ...(targets ?? []),
        limit + 1,
      )
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    const isMore = rows.length > limit || Number(scanned?.['count']) === MAX_ROWS_SCANNED
    const next = rows.length > limit && last ? Number(last['number']) : lowest
    return {
      changes: page.map((row) => {
        const [id, text] = [String(row['id']), String(row['text'])]
        return { id, text: isSound({ sum: row['sum'] ?? null }, id, text) ? text : undefined }
      }),
      ...(isMore && { next }),
    }
  }

  count(): number {
    return Number(this.#database.prepare('SELECT count(*) AS count FROM changes').get()?.['count'])
  }

  /** Deletes up to `portion` rows that are too old or too many; returns whether there may be more. */
  prune(nowMs: number, portion: number): boolean {
    const { maxAgeMs, maxRows } = this.#keep
    const old = this.#database
      .prepare(
        `DELETE FROM changes WHERE number IN (SELECT number FROM changes ORDER BY number LIMIT ?) AND at_ms < ?`,
      )
      .run(portion, nowMs - maxAgeMs)
    if (Number(old.changes) > 0) return true
    const groups = this.#database
      .prepare(
        'SELECT org, is_routine, count(*) AS count FROM changes GROUP BY org, is_routine ORDER BY count DESC',
      )
      .all()
    const tooMany = groups.reduce((sum, { count }) => sum + Number(count), 0) - maxRows
    const [largest, second] = groups
    if (tooMany <= 0 || !largest) return false
    // Deletes from the largest group (organisation, routine or not) until it is no longer the largest. So no organisation
    // pushes out the changes of another, and uploads never push out changes of limits.
    const surplus = Number(largest['count']) - Number(second?.['count'] ?? 0)
    const most = Math.max(surplus, Math.ceil(tooMany / groups.length))
    this.#database
      .prepare(
        `DELETE FROM changes WHERE number IN
         (SELECT number FROM changes WHERE org = ? AND is_routine = ? ORDER BY number LIMIT ?)`,
      )
      .run(Number(largest['org']), Number(largest['is_routine']), Math.min(portion, tooMany, most))
    return true
  }
}
