import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { line } from '../store-contract.test-support.ts'
import { verifyLedger } from './journal-verify.ts'
import { copyOf, openStore, temporaryDirectory } from './sqlite-store.test-support.ts'

const CHILD = join(import.meta.dirname, 'sqlite-child.test-support.ts')

/** A process that spends in a directory; see the file. */
function spender(
  command: string,
  args: readonly string[],
  options: { uid?: number; errors?: 'ignore' } = {},
) {
  const { errors = 'inherit', ...who } = options
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', errors], ...who })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said: string[] = []
  const lines = createInterface({ input: child.stdout ?? process.stdin })
  lines.on('line', (one) => said.push(one))
  const ended = once(lines, 'close')
  const over = ended.then(() => {
    throw new Error(`it ended after ${said.length} lines`)
  })
  over.catch(() => {})
  /** Resolves once `holds` is true; it is called after each line that the process prints. */
  const until = async (holds: () => boolean) => {
    while (!holds()) await Promise.race([once(lines, 'line'), over])
  }
  return {
    child,
    said,
    ended,
    until,
    acknowledged: () => said.filter((one) => one.startsWith('spent')).length - 1,
  }
}

describe('a disk that fails', () => {
  /** A process that spends in a directory, on a disk that fails when it is told to. */
  const onBadDisk = async () => {
    const directory = temporaryDirectory()
    const spending = spender(process.execPath, [CHILD, directory])
    /** From now on a write beyond this many bytes of a file fails as on a broken disk, not as on a full one. */
    const limitFiles = (bytes: number | 'unlimited') =>
      execFileSync('prlimit', [`--pid=${spending.child.pid}`, `--fsize=${bytes}:unlimited`])
    const refusals = () => spending.said.filter((one) => one.startsWith('refused'))
    const { until } = spending
    await until(() => spending.acknowledged() > 50)
    return {
      ...spending,
      directory,
      refusals,
      /** Breaks the disk; resolves when something was refused. */
      async fail(bytes: number) {
        const before = refusals().length
        limitFiles(bytes)
        await until(() => refusals().length > before)
      },
      heal: () => limitFiles('unlimited'),
      async end() {
        spending.child.kill('SIGKILL')
        await spending.ended
      },
    }
  }
  const logBytes = (directory: string) => statSync(join(directory, 'ledger.db-wal')).size

  it('is read again when it works, and the ledger goes on with everything acknowledged', async () => {
    const { directory, fail, heal, end, acknowledged, refusals, until } = await onBadDisk()
    // In the middle of a commit, and at once.
    for (const bytesOf of [() => logBytes(directory) + 5_000, () => 1]) {
      await fail(bytesOf())
      expect(refusals().at(-1)).toMatch(/disk I\/O error|cannot be written/)
      const before = acknowledged()
      heal()
      await until(() => acknowledged() > before + 50)
    }
    await end()
    expect(verifyLedger(directory)).toMatchObject({ is: 'right' })
    const { store } = await openStore({ directory })
    const [reply] = await store.sync('reader', [line(1)])
    const spent = reply?.is === 'granted' ? reply.standing.spentEver : 0
    expect(spent).toBeGreaterThanOrEqual(acknowledged())
    // Each line counts once, also those that were refused and sent again; the last was on its way.
    expect(spent).toBeLessThanOrEqual(acknowledged() + 2)
  })

  it('is refused while something acknowledged is missing on it', async () => {
    const { directory, fail, heal, acknowledged, refusals, until } = await onBadDisk()
    const older = copyOf(directory)
    const then = acknowledged()
    await until(() => acknowledged() > then + 10)
    await fail(1)
    for (const name of ['ledger.db', 'ledger.db-wal']) cpSync(join(older, name), join(directory, name))
    const before = acknowledged()
    heal()
    await until(() => /older copy: it ends at entry \d+, but \d+ were/.test(refusals().at(-1) ?? ''))
    const count = refusals().length
    await until(() => refusals().length > count + 3)
    expect(acknowledged()).toBe(before)
  })

  it('is refused where somebody else has written it meanwhile', async () => {
    const { directory, fail, heal, acknowledged, refusals, until } = await onBadDisk()
    await fail(1)
    const other = await vi.waitFor(() => openStore({ directory }), { timeout: 45_000 })
    await other.store.close()
    const before = acknowledged()
    heal()
    await until(() => /somebody else has written/.test(refusals().at(-1) ?? ''))
    expect(acknowledged()).toBe(before)
  })
})

describe('a directory that cannot be written', () => {
  it('is named at the start', async () => {
    const directory = temporaryDirectory()
    chmodSync(directory, 0o555)
    // The superuser may write everywhere, so it becomes somebody else.
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {}
    const { said, ended } = spender(process.execPath, [CHILD, directory], uid)
    await ended
    expect(said).toEqual([expect.stringMatching(/^failed: \S+ledger\.lock cannot be written: /)])
  })
})

describe.each(['exit', 'throw'])('a process that ends without closing its store (%s)', (how) => {
  it('leaves a ledger that opens again, with everything acknowledged', async () => {
    const directory = temporaryDirectory()
    const { ended, acknowledged } = spender(process.execPath, [CHILD, directory, how], { errors: 'ignore' })
    await ended
    expect(acknowledged()).toBeGreaterThanOrEqual(20)
    expect(verifyLedger(directory)).toMatchObject({ is: 'right' })
    const { store } = await openStore({ directory })
    const [reply] = await store.sync('reader', [line(1)])
    expect(reply?.is === 'granted' && reply.standing.spentEver).toBeGreaterThanOrEqual(acknowledged())
  })
})

describe('kill -9', () => {
  it('forgets nothing acknowledged, and frees the lock', async () => {
    const directory = temporaryDirectory()
    let acknowledged = 0
    for (let round = 1; round <= 4; round++) {
      const spending = spender(process.execPath, [CHILD, directory])
      await spending.until(() => spending.acknowledged() > 50 * round)
      spending.child.kill('SIGKILL')
      await spending.ended
      acknowledged += spending.acknowledged()
    }
    const { store } = await openStore({ directory })
    const [reply] = await store.sync('reader', [line(1)])
    const spent = reply?.is === 'granted' ? reply.standing.spentEver : 0
    expect(spent).toBeGreaterThanOrEqual(acknowledged)
    // In each round at most the one that was on its way, and the one that the killed process was granted and never spent.
    expect(spent).toBeLessThanOrEqual(acknowledged + 8)
  })

  it('names the holder to another process as long as it lives', async () => {
    const { directory } = await openStore()
    const other = spender(process.execPath, [CHILD, directory])
    await other.ended
    expect(other.said[0]).toMatch(`failed: ${directory}/ledger.lock is held by process ${process.pid} on `)
  })
})
