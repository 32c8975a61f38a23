import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { makeOwnDatabase, type OpenFile } from '../../storage/index.ts'
import type { DatabaseTraffic, StatementAnswer } from './node-sqlite.ts'

/** Most prepared statements in the cache, by their SQL text. */
const MAX_STATEMENTS = 500

interface Prepared {
  readonly statement: StatementSync
  /** Whether it returns rows. To ask the statement takes longer than most statements. */
  readonly hasRows: boolean
}

export const open: OpenFile<DatabaseTraffic, string> = (path) => {
  const database = openDatabase(path)
  const statements = new Map<string, Prepared>()

  function prepared(sql: string): Prepared {
    const known = statements.get(sql)
    if (known) return known
    if (statements.size >= MAX_STATEMENTS) statements.clear()
    const statement = database.prepare(sql)
    const made = { statement, hasRows: statement.columns().length > 0 }
    statements.set(sql, made)
    return made
  }

  function run(sql: string, values: readonly SQLInputValue[]): StatementAnswer {
    const { statement, hasRows } = prepared(sql)
    if (hasRows) return { rows: statement.all(...values) }
    return { rows: [], ...statement.run(...values) }
  }

  function read({ place, sql, values }: DatabaseTraffic['question']): StatementAnswer {
    switch (place) {
      case 'alone':
        return run(sql, values)
      case 'loosely':
        return withoutSync(database, () => run(sql, values))
      case 'first':
      case 'first_loosely':
        // The engine takes no other setting within a transaction.
        if (place === 'first_loosely') waitForDisk(database, false)
        // Takes the write lock at the start: a transaction that reads first could lose it to another process half-way.
        run('begin immediate', [])
        return run(sql, values)
      case 'within':
        // The transaction never began, or SQLite rolled it back. The statement would be committed by itself.
        if (!database.isTransaction) throw new Error('the transaction has ended already')
        return run(sql, values)
      case 'commit':
        try {
          return run(sql, values)
        } finally {
          // A failed commit must not leave its transaction open: the next statement may have been sent already.
          if (database.isTransaction) run('rollback', [])
          waitForDisk(database, true)
        }
      case 'rollback':
        try {
          return database.isTransaction ? run(sql, values) : { rows: [] }
        } finally {
          waitForDisk(database, true)
        }
    }
  }

  return {
    opened: undefined,
    file: {
      read,
      // Every message is a request; batches are never written.
      append: (batch) => batch,
      // SQLite checkpoints its log by itself.
      tidy: () => false,
      close: () => database.close(),
    },
  }
}

/** Runs a write without waiting for the disk; the next commit that waits makes it durable. */
function withoutSync<T>(database: DatabaseSync, write: () => T): T {
  waitForDisk(database, false)
  try {
    return write()
  } finally {
    waitForDisk(database, true)
  }
}

/** Whether commits wait for the disk from now on. */
function waitForDisk(database: DatabaseSync, is: boolean): void {
  database.exec(`PRAGMA synchronous = ${is ? 'FULL' : 'NORMAL'}`)
}

/** Opens the file so that commits survive a power cut. Throws when the engine does not confirm full synchronisation. */
function openDatabase(path: string): DatabaseSync {
  makeOwnDatabase(path)
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 10_000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY')
  const { synchronous } = database.prepare('PRAGMA synchronous').get() ?? {}
  if (synchronous === 2) return database
  database.close()
  throw new Error(`${path}: the database does not write through to the disk`)
}
