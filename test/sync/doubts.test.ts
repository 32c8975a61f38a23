import { describe, expect, it } from 'vitest'
import { type Reads, startReads } from '../support/reads.ts'

const day = (id: number, cost = 10_000_000, date = '2026-11-01') => ({
  date,
  id: String(id),
  clicks: 1,
  cost,
})
const days = (count: number, cost?: number) => Array.from({ length: count }, (_, id) => day(id, cost))

/** Reads the first week of November once more. */
async function reading(reads: Reads) {
  const asked = await reads.fetchReport({ fields: ['clicks', 'cost'], fresh: true })
  const { body } = await reads.ended(asked.body.request_id)
  const path = `/api/v1/connectors/requests/${asked.body.request_id}/data?format=json`
  const { rows = [] } = body.status === 'completed' ? (await reads.get(path)).body : {}
  return { ...body, rows, caveats: body.result?.caveats }
}

async function connected() {
  const reads = await startReads()
  await reads.connect()
  const read = async (rows: Reads['platform']['rows']) => {
    reads.platform.rows = rows
    // Requests within five minutes share one reading.
    reads.clock.advance(600_000)
    return reading(reads)
  }
  return { reads, read }
}

describe('a reading that lacks most of what there was', () => {
  it('deletes nothing until a second one agrees, and says how much is missing', async () => {
    const { read } = await connected()
    expect((await read(days(100))).caveats).toEqual([])

    const shrunk = await read(days(5))
    expect(shrunk.rows).toHaveLength(100)
    expect(shrunk.caveats).toEqual([
      'the spend of 2026-11-01 fell from 1000.00 to 50.00',
      '95 of 100 rows that were there before are missing in this reading; they are kept until a second reading lacks them too',
    ])

    const agreed = await read(days(5))
    expect(agreed.rows).toHaveLength(5)
    expect(agreed.caveats).toEqual([
      '95 rows were deleted: two whole readings one after the other lacked them',
    ])
  })

  it('is forgotten when the rows come back', async () => {
    const { read } = await connected()
    await read(days(100))
    await read(days(5))
    expect((await read(days(100))).caveats).toEqual([])
    expect((await read(days(60))).rows).toHaveLength(100)
  })

  it('says so where the spend of a finished day falls, and not where little is taken off', async () => {
    const { read } = await connected()
    await read(days(10))
    expect((await read(days(10, 9_500_000))).caveats).toEqual([])
    expect((await read(days(10, 5_000_000))).caveats).toEqual([
      'the spend of 2026-11-01 fell from 95.00 to 50.00',
    ])
  })

  it('is doubted for one day that collapses between whole ones, in any report', async () => {
    const { reads, read } = await connected()
    reads.platform.polls = 0
    const dates = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05']
    const rowsOf = (date: string, count: number) =>
      Array.from({ length: count }, (_, id) => ({ date, id: String(id), clicks: 1 }))
    await read(dates.flatMap((date) => rowsOf(date, 20)))
    const collapsed = await read(dates.flatMap((date) => rowsOf(date, date === '2026-11-03' ? 1 : 20)))
    expect(collapsed.rows).toHaveLength(100)
    expect(collapsed.caveats).toEqual([
      'the rows of 2026-11-03 fell from 20 to 1',
      '19 of 100 rows that were there before are missing in this reading; they are kept until a second reading lacks them too',
    ])
    const costs = (cost_micros: number) => [{ date: '2026-11-01', id: 'a', clicks: 1, cost_micros }]
    reads.platform.rows = costs(10_000_000)
    const again = async () => {
      const asked = await reads.fetchReport({ report_type: 'slow', fresh: true })
      return (await reads.ended(asked.body.request_id)).body.result?.caveats
    }
    expect(await again()).toEqual([])
    reads.platform.rows = costs(5_000_000)
    expect(await again()).toEqual(['the spend of 2026-11-01 fell from 10.00 to 5.00'])
  })

  it('says which figure is 0 in all rows where it was not', async () => {
    const { read } = await connected()
    const rows = (clicks: number) => days(8).map((row) => ({ ...row, clicks }))
    await read(rows(2))
    expect((await read(rows(0))).caveats).toEqual([
      'clicks was above 0 in 8 rows of the reading before, and is 0 in all 8 rows of past days in this one',
    ])
    expect((await read(rows(0))).caveats).toEqual([])
  })

  it('deletes a few rows at once', async () => {
    const { read } = await connected()
    await read(days(100))
    const less = await read(days(95))
    expect([less.rows.length, less.caveats]).toEqual([95, []])
  })
})
