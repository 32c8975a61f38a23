import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { makeOwnDatabase, serveThread } from '../../disk/index.ts'
import type { DatabaseTraffic, StatementAnswer } from './node-sqlite.ts'

/** Prepared statements kept; SQL text is all there is to tell them apart. */
const MAX_STATEMENTS = 500

serveThread<DatabaseTraffic, string>((path) => {
  const database = openDatabase(path)
  const statements = new Map<string, StatementSync>()

  function prepared(sql: string): StatementSync {
    const known = statements.get(sql)
    if (known) return known
    if (statements.size >= MAX_STATEMENTS) statements.clear()
    const statement = database.prepare(sql)
    statements.set(sql, statement)
    return statement
  }

  function run(sql: string, values: readonly SQLInputValue[]): StatementAnswer {
    const statement = prepared(sql)
    if (statement.columns().length > 0) return { rows: statement.all(...values) }
    return { rows: [], ...statement.run(...values) }
  }

  function read({ place, sql, values }: DatabaseTraffic['question']): StatementAnswer {
    switch (place) {
      case 'alone':
        return run(sql, values)
      case 'loosely':
        return withoutSync(database, () => run(sql, values))
      case 'first':
        // Taking the write lock at once: a transaction that reads first could lose it to another process half-way.
        run('begin immediate', [])
        return run(sql, values)
      case 'within':
        // It never began, or SQLite took it back: this would be done, and kept, by itself.
        if (!database.isTransaction) throw new Error('the transaction has ended already')
        return run(sql, values)
      case 'commit':
        try {
          return run(sql, values)
        } finally {
          // The next one is on its way already.
          if (database.isTransaction) run('rollback', [])
        }
      case 'rollback':
        return database.isTransaction ? run(sql, values) : { rows: [] }
    }
  }

  return {
    opened: undefined,
    file: {
      read,
      // Everything is asked for, one statement at a time; nothing is ever written as a batch.
      append: (batch) => batch,
      // SQLite copies its log by itself.
      tidy: () => false,
      close: () => database.close(),
    },
  }
})

/** The next commit that waits for the disk takes these along. */
function withoutSync<T>(database: DatabaseSync, write: () => T): T {
  database.exec('PRAGMA synchronous = NORMAL')
  try {
    return write()
  } finally {
    database.exec('PRAGMA synchronous = FULL')
  }
}

/** What is committed survives a power cut. Throws when the engine does not confirm full synchronisation. */
function openDatabase(path: string): DatabaseSync {
  makeOwnDatabase(path)
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 10_000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY')
  const { synchronous } = database.prepare('PRAGMA synchronous').get() ?? {}
  if (synchronous === 2) return database
  database.close()
  throw new Error(`${path}: the database does not write through to the disk`)
}
