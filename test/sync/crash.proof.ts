import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../src/sync/store/index.ts'
import { stopped } from '../support/harness.ts'
import { startReads } from '../support/reads.ts'

/** Every step takes minutes; a few of them are tried each time, all of them with `EVERY_STEP=1`. */
const STRIDE = process.env['EVERY_STEP'] === undefined ? 5 : 1
const ROWS = [1, 2, 3, 4, 5].map((n) => ({ date: `2026-11-0${n}`, id: 'a', clicks: n }))

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

it('a worker that is killed at any step of a report loses nothing and doubles nothing', async () => {
  const template = folder()
  const reads = await startReads({ DATA_DIR: template })
  const { platform, clock } = reads
  platform.rows = ROWS
  await reads.connect()
  platform.faults.push('hang')
  const { body } = await reads.fetchReport({ report_type: 'slow' })
  await reads.until(`/api/v1/connectors/requests/${body.request_id}`, ({ status }) => status === 'running')
  await stopped(reads.service, clock)
  const url = platform.connector.baseUrls['api'] ?? ''

  /** A process over this data, until it is killed at a change of its database or has told of the report. Returns how it ended. */
  async function run(dataDir: string, killAt: number, startMs: number): Promise<string> {
    const killing = new URL('../support/kill-at-change.ts', import.meta.url).href
    const entry = fileURLToPath(new URL('../support/reads-child.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import', killing, entry, dataDir, url, String(startMs)], {
      env: { ...process.env, KILL_AT: String(killAt) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    let output = ''
    const told = new Promise<string>((resolve) => {
      child.stdout.on('data', (chunk) => {
        output += chunk
        const end = /data_fetched|fetch_failed/.exec(output)?.[0]
        if (end !== undefined) resolve(end)
      })
    })
    const end = await Promise.race([told, exited.then(() => 'killed')])
    child.kill('SIGKILL')
    await exited
    return end
  }

  let kills = 0
  for (let killAt = 1; ; killAt += STRIDE) {
    const dataDir = folder()
    cpSync(template, dataDir, { recursive: true })
    platform.asked.length = 0
    const end = await run(dataDir, killAt, clock.nowMs())
    if (end === 'killed') {
      kills += 1
      // By then the lease of the dead worker has ended.
      expect([killAt, await run(dataDir, 0, clock.nowMs() + 120_000)]).toEqual([killAt, 'data_fetched'])
    }

    const { db, close } = await openStore({ is: 'sqlite', dataDir })
    const request = await db.selectFrom('connector_requests').selectAll().executeTakeFirstOrThrow()
    const rows = await db.selectFrom('report_rows').select('data').orderBy('date').execute()
    const events = await db.selectFrom('events').select('type').where('type', '=', 'data_fetched').execute()
    await close()
    expect(request).toMatchObject({ status: 'completed' })
    expect(rows.map(({ data }) => JSON.parse(data))).toMatchObject(ROWS)
    expect(events).toHaveLength(1)
    const file = await asyncBufferFromFile(
      join(dataDir, 'reports', request.connector_id, `${request.id}.parquet`),
    )
    expect(await parquetReadObjects({ file })).toHaveLength(ROWS.length)
    // Only what was ordered and not yet remembered is ordered again.
    expect(platform.asked.filter((call) => call.startsWith('POST /async')).length).toBeLessThanOrEqual(2)
    if (end === 'data_fetched') break
  }
  expect(kills).toBeGreaterThan(3)
})
