import { DatabaseSync, StatementSync } from 'node:sqlite'

/**
 * `node --import` of this kills the process, without any warning, after a thread of it changed its database for the
 * `KILL_AT`-th time; with `KILL_OF`, only changes by statements that name it count. Threads are given the flags of their process, so that is the one that has the database.
 */
let changes = 0
function changed(): void {
  changes += 1
  if (changes === Number(process.env['KILL_AT'])) process.kill(process.pid, 'SIGKILL')
}

/** Also where it begins with the rows that it is about. */
const CHANGES = /^\s*(with\b[\s\S]*\b)?(insert|update|delete)\b/i
/** Statements that change something and answer with what they changed. */
const changing = new WeakSet<StatementSync>()
const { prepare } = DatabaseSync.prototype
DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
  const statement = prepare.call(this, sql)
  if (CHANGES.test(sql) && sql.includes(process.env['KILL_OF'] ?? '')) changing.add(statement)
  return statement
}
for (const method of ['run', 'all'] as const) {
  const original = StatementSync.prototype[method]
  const value = function (this: StatementSync, ...values: unknown[]) {
    const result: ReturnType<typeof original> = Reflect.apply(original, this, values)
    const count = Array.isArray(result) ? result.length : Number(result.changes)
    if (changing.has(this) && count > 0) changed()
    return result
  }
  Object.defineProperty(StatementSync.prototype, method, { value })
}
