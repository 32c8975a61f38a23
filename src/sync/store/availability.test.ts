import type { CompiledQuery, DatabaseConnection } from 'kysely'
import { describe, expect, it } from 'vitest'
import { Availability, type DriverOf, StoreAway, type StoreState, watched } from './availability.ts'

const QUERY: CompiledQuery = {
  sql: 'select 1',
  parameters: [],
  query: { kind: 'RawNode', sqlFragments: [], parameters: [] },
  queryId: { queryId: 'q' },
}

/** A database whose statements end when the test says so. */
async function database() {
  const changes: StoreState[] = []
  const availability = new Availability({
    reasonOf: (error) => (error === 'cut' ? 'the connection to it broke' : undefined),
    onChange: (state) => changes.push(state),
  })
  const ends: ((error?: unknown) => void)[] = []
  const connection: DatabaseConnection = {
    executeQuery: () =>
      new Promise((resolve, reject) => {
        ends.push((error) => (error === undefined ? resolve({ rows: [] }) : reject(error)))
      }),
    streamQuery: () => {
      throw new Error('not asked for')
    },
  }
  const nothing = async () => {}
  const driver: DriverOf<DatabaseConnection> = {
    init: nothing,
    acquireConnection: async () => connection,
    beginTransaction: nothing,
    commitTransaction: nothing,
    rollbackTransaction: nothing,
    releaseConnection: nothing,
    destroy: nothing,
  }
  const watching = await watched(driver, availability).acquireConnection()
  return { availability, changes, ends, begin: () => watching.executeQuery(QUERY) }
}

describe('a database', () => {
  it('is away when a statement fails because of it, and open again when it takes a write', async () => {
    const { availability, changes, ends, begin } = await database()
    const statement = begin()
    ends[0]?.('cut')
    await expect(statement).rejects.toThrow(StoreAway)
    expect(availability.state).toEqual({ is: 'away', detail: 'the connection to it broke' })
    availability.wrote()
    expect(changes.map(({ is }) => is)).toEqual(['away', 'open'])
  })

  it('stays open when a statement fails that began before it came back, and is away for one that began after', async () => {
    const { availability, changes, ends, begin } = await database()
    const [first, old] = [begin(), begin()]
    ends[0]?.('cut')
    await expect(first).rejects.toThrow(StoreAway)
    availability.wrote()
    ends[1]?.('cut')
    await expect(old).rejects.toThrow(StoreAway)
    expect(availability.state).toEqual({ is: 'open' })
    const late = begin()
    ends[2]?.('cut')
    await expect(late).rejects.toThrow(StoreAway)
    expect(changes.map(({ is }) => is)).toEqual(['away', 'open', 'away'])
  })

  it('is not blamed for an error of the statement', async () => {
    const { availability, ends, begin } = await database()
    const statement = begin()
    ends[0]?.('no such column')
    await expect(statement).rejects.toBe('no such column')
    expect(availability.state).toEqual({ is: 'open' })
  })
})
