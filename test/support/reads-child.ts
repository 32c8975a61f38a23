import { DatabaseSync, StatementSync } from 'node:sqlite'

import { createLog } from '../../src/log.ts'
import { keysInFolder, startSync } from '../../src/sync/index.ts'
import { exampleConnector } from './example-connector.ts'
import { FakeClock } from './fake-clock.ts'

/**
 * The read stack in a process of its own that is killed, without any warning, after it changed its database for the
 * `killAt`-th time. Time passes a hundred times as fast as it does outside.
 */
const [dataDir = '', platformUrl = '', killAt = '', startMs = ''] = process.argv.slice(2)

let changes = 0
function changed(): void {
  changes += 1
  if (changes === Number(killAt)) process.kill(process.pid, 'SIGKILL')
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

const clock = new FakeClock(Number(startMs))
setInterval(() => clock.advance(100), 1)
await startSync(
  {
    store: { is: 'sqlite', dataDir },
    files: { is: 'folder', dataDir },
    keys: keysInFolder(dataDir),
    connectors: [exampleConnector(platformUrl)],
    clients: { DV360: { clientId: 'example', clientSecret: 'example-secret' } },
    callbacks: { urls: [], loopback: true },
    limits: {},
    maxConcurrent: 4,
    timeoutMs: 600_000,
    callCost: 0,
    notifyUrl: undefined,
    notifyMail: { from: undefined, to: [] },
    streamUrl: undefined,
    keep: { requests: 90, events: 7, rows: undefined },
  },
  {
    clock,
    log: createLog('silent'),
    authorize: () => {
      throw new Error('nobody asks')
    },
    onCall: () => {},
    ownSpendOf: async () => undefined,
    onSpend: () => {},
    onEvent: ({ type }) => process.stdout.write(`${type}\n`),
  },
)
process.stdout.write(`started ${changes}\n`)
