import { messageOf } from '../../../../errors.ts'
import { micros } from '../../../../money.ts'
import { sleepAwake, systemBoot, systemClock } from '../../../../time/clock.ts'
import { line, SCOPE } from '../store-contract.test-support.ts'
import { SqliteStore } from './sqlite-store.ts'

/**
 * The program of a separate process. It spends one unit after another in the ledger of a directory, and prints
 * `spent <n>` when n of them were acknowledged. It prints failures too, and goes on. With a second argument, `exit` or
 * `throw`, it ends that way after 20 units, with more on their way.
 */
async function spend(directory: string): Promise<void> {
  const store = await SqliteStore.open({ directory, clock: systemClock, boot: systemBoot })
  const limits = [{ kind: 'lifetime', max: micros(1e12) } as const]
  await store.define({ scope: SCOPE, currency: 'USD', limits, by: 'configuration' })
  const owner = `process ${process.pid}`
  let acknowledged = 0
  for (let seq = 1; ; ) {
    try {
      await store.sync(owner, [line(seq, { spent: seq === 1 ? 0 : 1, need: 1 })])
      if (seq > 1) acknowledged += 1
      seq += 1
      await say(`spent ${acknowledged}`)
      if (acknowledged === 20) end(process.argv[3])
    } catch (error) {
      await say(`refused: ${messageOf(error)}`)
      await sleepAwake(100)
    }
  }
}

/** Resolves when the line is in the pipe: a line that is only in memory is lost when the process is killed. */
const say = (line: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()))

function end(how: string | undefined): void {
  if (how === 'exit') process.exit(3)
  if (how === 'throw')
    setImmediate(() => {
      throw new Error('a fault of our own')
    })
}

spend(process.argv[2] ?? '').catch(async (error) => {
  await say(`failed: ${messageOf(error)}`)
  process.exitCode = 1
})
