import { randomUUID } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Entry, KeptHold, KeptOwner, KeptOwners } from './records.ts'
import { HOLDS } from './records-schema.ts'
import { addSums, sumOf } from './row-sum.ts'

type HoldRow = Extract<
  Entry,
  { put: 'owner' | 'no_owner' | 'hold' | 'settled_hold' | 'no_hold' | 'counted_holds' }
>

/** The tables of recorded holds in a records file; they show what was held when a process ended. */
export class HoldsTable {
  readonly #database: DatabaseSync
  readonly #put: Record<'owner' | 'upTo' | 'hold' | 'settle' | 'drop' | 'counted', StatementSync>

  constructor(database: DatabaseSync) {
    database.exec(HOLDS)
    addSums(database, ['holds'])
    this.#database = database
    this.#put = {
      owner: database.prepare('INSERT OR IGNORE INTO owners (owner, up_to, counted) VALUES (?, 0, 0)'),
      upTo: database.prepare('UPDATE owners SET up_to = max(up_to, ?) WHERE owner = ?'),
      hold: database.prepare(
        'INSERT OR REPLACE INTO holds (owner, number, scopes, amount, sum) VALUES (?, ?, ?, ?, ?)',
      ),
      settle: database.prepare(
        'UPDATE holds SET settled_before = ?1, sum = sum + ?1 WHERE owner = ?2 AND number = ?3 AND settled_before IS NULL',
      ),
      drop: database.prepare('DELETE FROM holds WHERE owner = ? AND number = ?'),
      counted: database.prepare('UPDATE owners SET counted = max(counted, ?) WHERE owner = ?'),
    }
  }

  /** Gives a new file its id. Call it within a transaction. */
  name(): void {
    this.#database
      .prepare('INSERT INTO identity (id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM identity)')
      .run(randomUUID())
  }

  /** Writes an entry. Call it within a transaction. */
  write(entry: HoldRow): void {
    const { owner } = entry
    switch (entry.put) {
      case 'owner':
        this.#put.owner.run(owner)
        break
      case 'no_owner':
        this.#database.prepare('DELETE FROM holds WHERE owner = ?').run(owner)
        this.#database.prepare('DELETE FROM owners WHERE owner = ?').run(owner)
        break
      case 'hold': {
        const { number, scopes, amount } = entry.hold
        const text = JSON.stringify(scopes)
        this.#put.hold.run(owner, number, text, amount, sumOf(owner, number, text, amount))
        this.#put.upTo.run(number, owner)
        break
      }
      case 'settled_hold':
        this.#put.settle.run(entry.settledBefore, owner, entry.number)
        break
      case 'no_hold':
        this.#put.drop.run(owner, entry.number)
        break
      case 'counted_holds':
        for (const number of entry.numbers) this.#put.drop.run(owner, number)
        this.#put.counted.run(entry.counted, owner)
    }
  }

  read(): KeptOwners {
    const id = String(this.#database.prepare('SELECT id FROM identity').get()?.['id'])
    const owners: KeptOwner[] = []
    for (const row of this.#database.prepare('SELECT owner, up_to, counted FROM owners').all()) {
      const owner = String(row['owner'])
      const holds = this.#holdsOf(owner)
      if (holds) owners.push({ owner, upTo: Number(row['up_to']), counted: Number(row['counted']), holds })
    }
    return { id, owners }
  }

  /** The holds of an owner; undefined if one of them is damaged, since the others then prove nothing. */
  #holdsOf(owner: string): KeptHold[] | undefined {
    const rows = this.#database
      .prepare(
        'SELECT owner, number, scopes, amount, settled_before, sum FROM holds WHERE owner = ? ORDER BY number',
      )
      .all(owner)
    const holds = rows.map(holdOf)
    return holds.includes(undefined) ? undefined : holds.filter((hold) => hold !== undefined)
  }
}

function holdOf(row: Record<string, unknown>): KeptHold | undefined {
  const settled = row['settled_before']
  const amount = Number(row['amount'])
  const text = String(row['scopes'])
  const scopes = namesIn(text)
  // The checksum covers the hold as it was begun, plus the number at which it was settled.
  const sum = sumOf(String(row['owner']), Number(row['number']), text, amount) + Number(settled ?? 0)
  if (!scopes || row['sum'] !== sum) return undefined
  return {
    number: Number(row['number']),
    scopes,
    amount,
    settledBefore: settled === null ? undefined : Number(settled),
  }
}

function namesIn(text: string): string[] | undefined {
  try {
    const names: unknown = JSON.parse(text)
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
  } catch {}
  return undefined
}
