import { DatabaseSync, StatementSync } from 'node:sqlite'

/**
 * `node --import` of this kills the process, without any warning, after a thread of it changed its database for the
 * `KILL_AT`-th time. Threads are given the flags of their process, so that is the one that has the database.
 */
let changes = 0
function changed(): void {
  changes += 1
  if (changes === Number(process.env['KILL_AT'])) process.kill(process.pid, 'SIGKILL')
}

/** Statements that change something and answer with what they changed. */
const changing = new WeakSet<StatementSync>()
const { prepare } = DatabaseSync.prototype
DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
  const statement = prepare.call(this, sql)
  if (/^\s*(insert|update|delete)/i.test(sql)) changing.add(statement)
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
