import {
  closeSync,
  cpSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../../test/support/fake-clock.ts'
import { DiskError } from '../../../../storage/index.ts'
import { type Command, Ledger } from '../../ledger/ledger.ts'
import { run, type Step, steps } from '../commands.test-support.ts'
import { line } from '../store-contract.test-support.ts'
import { chainHash, entryOf, textOf } from './journal-entry.ts'
import { exportJournal } from './journal-export.ts'
import { JournalLedger, type JournalState } from './journal-ledger.ts'
import { verifyLedger } from './journal-verify.ts'
import { SqliteLedger } from './sqlite-ledger.ts'
import { bootOf, copyOf, openStore, temporaryDirectory } from './sqlite-store.test-support.ts'
import type { SqliteStore } from './sqlite-store.ts'

/** Asks a store what a step says; the answer comes when it is on the disk. */
function ask(store: SqliteStore, { command }: Step): Promise<unknown> {
  switch (command.do) {
    case 'sync':
      return store.sync(command.owner, [command.line]).then(([reply]) => reply)
    case 'bill':
      return store.bill([command.bill]).then(([reply]) => reply)
    case 'leave':
      return store.leave(command.owner)
    case 'free':
      return store.free(command.owner, command.underWay)
    case 'define':
      return store.define(command.definition)
    case 'remove':
      return store.remove(command.scope)
    case 'pause':
      return store.setPause(command.scope, command.pause)
    case 'kill_switch':
      return store.setKillSwitch(command.killSwitch)
  }
}

/** Whether the store writes a command down. */
function changes(ledger: Ledger, command: Command): boolean {
  switch (command.do) {
    case 'sync':
      return ledger.accounts.has(command.line.scope)
    case 'remove':
      return ledger.definition(command.scope) !== undefined
    case 'define':
      return !isDeepStrictEqual(ledger.definition(command.definition.scope), command.definition)
    default:
      return true
  }
}

/** What is answered to a command that changes nothing. */
function unchanged(command: Command): unknown {
  if (command.do === 'define') return command.definition
  return command.do === 'sync' ? { is: 'unknown_scope' } : undefined
}

/** Less than the two seconds after which a disk is taken for one that does not answer. */
const DISK_PATIENCE_MS = 1_900

const KEEP = { maxAgeMs: 1e12, maxBytes: 1e12, snapshotEvery: 7 }

/** The state on the disk of a directory that nobody uses, without any time passing. */
function stateIn(directory: string, clock: FakeClock): { state: JournalState; number: number } {
  const { id: bootId, uptimeMs } = bootOf(clock)
  const how = {
    directory,
    atMs: Math.floor(clock.nowMs()),
    bootId,
    uptimeMs: uptimeMs(),
    leaseMs: 5_000,
    keep: KEEP,
  }
  const { ledger, opened } = SqliteLedger.open(how)
  ledger.close()
  return { state: opened.state, number: opened.last.number }
}

/** A ledger of some length, as a killed process leaves it, or one that was stopped. */
async function someLedger(
  end: 'killed' | 'stopped',
  leaveSnapshots = false,
): Promise<{ directory: string; entries: number }> {
  const keep = { ...KEEP, snapshotEvery: leaveSnapshots ? 50 : 1e9 }
  const { store, clock, directory } = await openStore({ leaseMs: 5_000, keep })
  const some = fc.sample(steps(120, 120), { numRuns: 1, seed: 7 }).flat()
  for (const step of some) {
    clock.advance(step.afterMs % 4_000)
    await ask(store, step)
  }
  const entries = (await store.range()).last
  if (end === 'killed') return { directory: copyOf(directory), entries }
  await store.close()
  return { directory, entries }
}

describe('a crash', () => {
  it('forgets nothing acknowledged, whatever was asked and whenever it comes', async () => {
    await fc.assert(
      fc.asyncProperty(steps(40), fc.infiniteStream(fc.nat(3)), fc.nat(30), async (all, waits, crashAt) => {
        const { store, clock, directory } = await openStore({ leaseMs: 5_000, keep: KEEP })
        const twinClock = new FakeClock()
        const twin = new Ledger(twinClock, 5_000)
        const moments = [{ elapsedMs: 0, wallMs: clock.nowMs() }]
        let acknowledged = 0
        /** Steps that became entries: what changes nothing becomes none. */
        const written: Step[] = []
        const writtenAt = [moments[0]]
        const answers: Promise<unknown>[] = []
        let unansweredMs = 0
        for (const step of all.slice(0, crashAt + 3)) {
          unansweredMs += step.afterMs
          // A disk that does not answer for that long is given up, and here the clock goes on while it writes.
          if (unansweredMs >= DISK_PATIENCE_MS) {
            await Promise.all(answers)
            unansweredMs = 0
          }
          for (const one of [clock, twinClock]) {
            one.advance(step.afterMs)
            one.stepWall(step.stepMs)
          }
          moments.push({ elapsedMs: clock.elapsedMs(), wallMs: clock.nowMs() })
          const isWritten = changes(twin, step.command)
          if (isWritten) {
            written.push(step)
            writtenAt.push(moments.at(-1))
          }
          const expected = isWritten ? run(twin, step.command) : unchanged(step.command)
          const entries = written.length
          const answer = ask(store, step).then((reply) => {
            expect(reply).toEqual(expected)
            acknowledged = Math.max(acknowledged, entries)
          })
          answers.push(answer)
          // Several of them share a write, now and then.
          if (waits.next().value === 0) await answer
        }
        const acknowledgedBefore = acknowledged
        const killed = copyOf(directory)
        const { number, state } = stateIn(killed, clock)
        // The openings of both uses are entries too.
        const recovered = number - 2
        expect(recovered).toBeGreaterThanOrEqual(acknowledgedBefore)
        expect(verifyLedger(killed)).toMatchObject({ is: 'right', last: number })

        const replayed = new JournalLedger()
        const began = {
          do: 'open',
          leaseMs: 5_000,
          bootId: 'boot 1',
          uptimeMs: 0,
          timeIsKnown: false,
        } as const
        replayed.apply(began, moments[0] ?? { elapsedMs: 0, wallMs: 0 })
        for (const [i, { command }] of written.slice(0, recovered).entries()) {
          const at = writtenAt[i + 1]
          if (at) replayed.apply(command, at)
        }
        if (state.opened) replayed.apply(state.opened.opening, state)
        expect(state).toEqual(replayed.state())
        await Promise.all(answers)
        await store.close()
      }),
      { numRuns: 25, endOnFailure: true },
    )
  })
})

describe('damaged files', () => {
  /** Opens what was damaged: refused with a reason, or how many entries it brought back. */
  function reopen(directory: string): number | string {
    try {
      return stateIn(directory, new FakeClock(Date.UTC(2027, 0, 1))).number - 1
    } catch (error) {
      expect(error).toBeInstanceOf(DiskError)
      expect(error).toMatchObject({ message: expect.stringMatching(/ledger/) })
      return 'refused'
    }
  }

  function damaged(directory: string, file: string, damage: (path: string, bytes: number) => void): string {
    const copy = temporaryDirectory()
    cpSync(directory, copy, { recursive: true })
    damage(join(copy, file), statSync(join(copy, file)).size)
    return copy
  }

  const flip = (share: number, bit: number) => (path: string, bytes: number) => {
    const at = Math.floor(share * bytes)
    const byte = readFileSync(path)[at] ?? 0
    const fd = openSync(path, 'r+')
    writeSync(fd, Buffer.from([byte ^ (1 << bit)]), 0, 1, at)
    closeSync(fd)
  }
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  it.each(['killed', 'stopped'] as const)(
    'with a flipped bit are refused, or nothing is missing (%s)',
    async (end) => {
      const { directory, entries } = await someLedger(end)
      const found = new Map<string, number>()
      const files = end === 'killed' ? ['ledger.db', 'ledger.db-wal', 'ledger.use'] : ['ledger.db']
      fc.assert(
        fc.property(fc.constantFrom(...files), share, fc.nat(7), (file, at, bit) => {
          const result = reopen(damaged(directory, file, flip(at, bit)))
          const kind = result === 'refused' ? 'refused' : result === entries ? 'whole' : 'tail'
          found.set(kind, (found.get(kind) ?? 0) + 1)
          // A damaged end of the log cannot be told from one that was being written: the last commit at most.
          if (result !== 'refused') expect(result).toBeGreaterThanOrEqual(entries - 1)
        }),
        { numRuns: 150 },
      )
      expect(found.get('refused')).toBeGreaterThan(20)
    },
  )

  it('that are too short are refused, or nothing but the last commit is missing', async () => {
    const killed = await someLedger('killed')
    const stopped = await someLedger('stopped')
    fc.assert(
      fc.property(share, (at) => {
        const short = (path: string, bytes: number) => truncateSync(path, Math.floor(at * bytes))
        const database = reopen(damaged(stopped.directory, 'ledger.db', short))
        expect(database === 'refused' || database === stopped.entries).toBe(true)
      }),
      { numRuns: 40 },
    )
    const cut = (bytes: number) => (path: string) => truncateSync(path, statSync(path).size - bytes)
    expect(reopen(damaged(killed.directory, 'ledger.db-wal', cut(1)))).toBe(killed.entries - 1)
    expect(reopen(damaged(killed.directory, 'ledger.db-wal', (path) => truncateSync(path, 0)))).toBe(
      'refused',
    )
    expect(reopen(damaged(killed.directory, 'ledger.db-wal', (path) => truncateSync(path, 20)))).toBe(
      'refused',
    )
  })

  it('with a damaged snapshot are replayed from the one before', async () => {
    const { directory, entries } = await someLedger('stopped', true)
    const spoil = (path: string) => {
      const database = new DatabaseSync(path)
      database.exec(
        `UPDATE snapshots SET state = zeroblob(100) WHERE number = (SELECT max(number) FROM snapshots)`,
      )
      database.close()
    }
    const spoiled = damaged(directory, 'ledger.db', spoil)
    expect(verifyLedger(spoiled)).toMatchObject({
      is: 'wrong',
      detail: expect.stringMatching(/^the snapshot after entry \d+/),
    })
    expect(reopen(spoiled)).toBe(entries)
  })

  it('of something else are left alone', async () => {
    const directory = temporaryDirectory()
    const other = new DatabaseSync(join(directory, 'ledger.db'))
    other.exec('CREATE TABLE accounts (id)')
    other.close()
    const before = readFileSync(join(directory, 'ledger.db'))
    expect(() => stateIn(directory, new FakeClock())).toThrow(/ledger.db is not a ledger of Bidwarden/)
    expect(readFileSync(join(directory, 'ledger.db'))).toEqual(before)
    writeFileSync(
      join(directory, 'ledger.db'),
      'not a database at all, but long enough to be looked at'.repeat(100),
    )
    expect(() => stateIn(directory, new FakeClock())).toThrow(DiskError)
  })
})

describe('verifying a ledger', () => {
  it('recomputes it from the first entry, and says what it comes to', async () => {
    const { directory, entries } = await someLedger('stopped', true)
    const verdict = verifyLedger(directory)
    expect(verdict).toMatchObject({ is: 'right', first: 1, last: entries })
    expect(verdict.is === 'right' && verdict.scopes.map(({ scope }) => scope)).toEqual([
      'campaign:x:1',
      'platform:x',
      'global',
    ])
  })

  it.each([
    [
      'a changed text',
      `UPDATE entries SET text = replace(text, '"spent":', '"spent":1') WHERE number = 40`,
      /^entry 40: its hash/,
    ],
    ['a deleted entry', 'DELETE FROM entries WHERE number = 40', /^entry 41: its hash/],
    ['entries cut off', 'DELETE FROM entries WHERE number > 40', /^it ends at entry 40, but had \d+/],
  ])('finds %s', async (_, sql, detail) => {
    const { directory } = await someLedger('stopped')
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    database.exec(sql)
    database.close()
    expect(verifyLedger(directory)).toEqual({ is: 'wrong', detail: expect.stringMatching(detail) })
  })

  it('finds a changed amount though the chain was made anew', async () => {
    const { directory } = await someLedger('stopped')
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    const rows = database.prepare('SELECT number, text FROM entries ORDER BY number').all()
    let hash = '0'.repeat(64)
    let changed = 0
    for (const { number, text } of rows) {
      const entry = entryOf(String(text))
      const { command } = entry
      const isSpend =
        changed === 0 && command.do === 'sync' && entry.effect.is === 'granted' && command.line.spent > 0
      if (isSpend) changed = entry.number
      const forged = isSpend
        ? { ...entry, command: { ...command, line: { ...command.line, spent: 0 } } }
        : entry
      hash = chainHash(hash, textOf(forged))
      database
        .prepare('UPDATE entries SET text = ?, hash = ? WHERE number = ?')
        .run(textOf(forged), hash, Number(number))
    }
    database.close()
    expect(changed).toBeGreaterThan(0)
    expect(verifyLedger(directory)).toEqual({
      is: 'wrong',
      detail: expect.stringMatching(
        new RegExp(`^entry ${changed}: it says .* but by the entries before it is`),
      ),
    })
  })

  it('works beside a store in use', async () => {
    const { store, directory } = await openStore()
    await store.setKillSwitch({ is: 'engaged', reason: 'stop', sinceMs: 1 })
    expect(verifyLedger(directory)).toMatchObject({ is: 'right', last: 2 })
    await store.setKillSwitch({ is: 'released' })
    expect(verifyLedger(directory)).toMatchObject({ is: 'right', last: 3 })
  })
})

describe('an old ledger', () => {
  it('keeps what still counts, and drops entries that are too old', async () => {
    const keep = { maxAgeMs: 60_000, maxBytes: 1e12, snapshotEvery: 10 }
    const { store, clock, directory } = await openStore({ keep })
    const some = fc.sample(steps(100, 100), { numRuns: 1, seed: 9 }).flat()
    for (const step of some) {
      clock.advance(3_000)
      await ask(store, step)
    }
    const before = await store.control()
    await store.close()
    const again = await openStore({ directory, clock, keep })
    const { first, last } = await again.store.range()
    expect(first).toBeGreaterThan(last - 50)
    expect(await again.store.control()).toEqual(before)
    await again.store.close()
    expect(verifyLedger(directory)).toMatchObject({ is: 'right', first, last })
  })

  it('stays below a size', async () => {
    const keep = { maxAgeMs: 1e12, maxBytes: 150_000, snapshotEvery: 10 }
    const { store, directory } = await openStore({ keep })
    for (let i = 0; i < 400; i++) {
      await store.setKillSwitch({ is: 'engaged', reason: `${i}`.repeat(100), sinceMs: i })
    }
    await store.close()
    expect(statSync(join(directory, 'ledger.db')).size).toBeLessThan(300_000)
    expect(verifyLedger(directory)).toMatchObject({ is: 'right', last: 401 })
  })
})

describe('the export', () => {
  const linesOf = async (parts: AsyncGenerator<string>) => {
    let text = ''
    for await (const part of parts) text += part
    return text.split('\n').filter((one) => one !== '')
  }

  it('is a line of JSON per entry, whose chain anyone can check', async () => {
    const { store, clock } = await openStore()
    for (const step of fc.sample(steps(600, 600), { numRuns: 1, seed: 5 }).flat()) {
      clock.advance(1_000)
      await ask(store, step)
    }
    const lines = await linesOf(exportJournal(store))
    expect(lines).toHaveLength((await store.range()).last)
    let previous = '0'.repeat(64)
    for (const one of lines) {
      const { hash } = JSON.parse(one)
      expect(chainHash(previous, one.replace(`,"hash":"${hash}"`, ''))).toBe(hash)
      previous = hash
    }
  })

  it('can be limited to one scope and to a span of time', async () => {
    const { store, clock } = await openStore()
    const [first, second] = fc.sample(steps(0), { numRuns: 1 })[0] ?? []
    if (!first || !second) throw new Error('no steps')
    await ask(store, first)
    clock.advance(1_000)
    const fromMs = clock.nowMs()
    await ask(store, second)
    await store.sync('one', [line(1, { scope: 'campaign:x:1', need: 5 })])
    await store.leave('one')
    const now = clock.nowMs()
    const kinds = async (filter: Parameters<typeof exportJournal>[1]) =>
      (await linesOf(exportJournal(store, filter))).map((one) => JSON.parse(one).command.do)
    expect(await kinds({ scope: 'campaign:x:1' })).toEqual(['define', 'sync', 'leave'])
    expect(await kinds({ scope: 'platform:x' })).toEqual(['define'])
    expect(await kinds({ fromMs })).toEqual(['define', 'sync', 'leave'])
    expect(await kinds({ toMs: fromMs })).toEqual(['open', 'define'])
    expect(await kinds({ fromMs: now + 1 })).toEqual([])
  })
})
