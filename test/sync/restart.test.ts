import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseConfig } from '../../src/config/config.ts'
import { at } from '../../src/json/json-at.ts'
import { createLog } from '../../src/log.ts'
import { startService } from '../../src/main.ts'
import { goOn, stopped } from '../support/harness.ts'
import { environmentOn } from '../support/postgres.ts'
import { startReads } from '../support/reads.ts'
import { terminalAt } from '../support/terminal.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const clients = JSON.stringify({ DV360: { clientId: 'example', clientSecret: 'example-secret' } })

describe('a restart', () => {
  it.each([
    ['in the middle of an answer', 'performance', 'hang' as const],
    ['while an asynchronous report is made', 'slow', undefined],
  ])('%s loses nothing and asks for no report twice', async (_, reportType, fault) => {
    const dataDir = folder()
    const reads = await startReads({ DATA_DIR: dataDir })
    reads.platform.rows = [1, 2, 3, 4, 5].map((n) => ({ date: `2026-11-0${n}`, id: 'a', clicks: n }))
    await reads.connect()
    if (fault) reads.platform.faults.push(fault)
    const { body } = await reads.fetchReport({ report_type: reportType })
    const path = `/api/v1/connectors/requests/${body.request_id}`
    // A report is looked for only once what the platform calls it is stored.
    const isMade = () => reads.platform.asked.some((call) => call.startsWith('GET /async'))
    await reads.until(path, ({ status }) => status === 'running' && (fault !== undefined || isMade()))
    await stopped(reads.service, reads.clock)

    const log = createLog('silent')
    const config = parseConfig({ PORT: '0', DATA_DIR: dataDir, OAUTH_CLIENTS: clients })
    const again = await startService(config, {
      log,
      clock: reads.clock,
      connectors: [reads.platform.connector],
    })
    onTestFinished(() => again.stop())
    let done: unknown
    for (let turn = 0; turn < 500 && at(done, 'status') !== 'completed'; turn++) {
      done = await (await fetch(again.url + path)).json()
      await goOn()
      reads.clock.advance(1_000)
    }
    expect(done).toMatchObject({ status: 'completed', result: { records_fetched: 5 } })
    expect(reads.platform.asked.filter((call) => call.startsWith('POST /async')).length).toBeLessThanOrEqual(
      1,
    )
  })

  it('remembers a report whose order is answered while the service stops', async () => {
    const dataDir = folder()
    const reads = await startReads({ DATA_DIR: dataDir })
    reads.platform.rows = [{ date: '2026-11-01', id: 'a', clicks: 1 }]
    await reads.connect()
    reads.platform.faults.push('slow')
    const { body } = await reads.fetchReport({ report_type: 'slow' })
    const path = `/api/v1/connectors/requests/${body.request_id}`
    const orders = () => reads.platform.asked.filter((call) => call.startsWith('POST /async')).length
    await reads.until(path, () => orders() === 1)
    // No time passes meanwhile, but that of the answer.
    await reads.service.stop()

    const config = parseConfig({ PORT: '0', DATA_DIR: dataDir, OAUTH_CLIENTS: clients })
    const { clock, platform } = reads
    const again = await startService(config, {
      log: createLog('silent'),
      clock,
      connectors: [platform.connector],
    })
    onTestFinished(() => again.stop())
    let done: unknown
    for (let turn = 0; turn < 500 && at(done, 'status') !== 'completed'; turn++) {
      done = await (await fetch(again.url + path)).json()
      await goOn()
      clock.advance(1_000)
    }
    expect(done).toMatchObject({ status: 'completed', result: { records_fetched: 1 } })
    expect(orders()).toBe(1)
  })

  it('does not wait for a call that would be repeated later', async () => {
    const reads = await startReads({ DATA_DIR: folder() })
    await reads.connect()
    reads.platform.faults.push({ status: 503 }, { status: 503 }, { status: 503 }, { status: 503 })
    const { body } = await reads.fetchReport()
    const isAsked = () => reads.platform.faults.length < 4
    await reads.until(`/api/v1/connectors/requests/${body.request_id}`, isAsked)
    await goOn(20)
    // No time passes any more.
    await reads.service.stop()
  })

  it('after the keys were rotated finds the same credentials under the new key', async () => {
    const dataDir = folder()
    const reads = await startReads({ DATA_DIR: dataDir })
    const id = await reads.connect()
    const before = readFileSync(join(dataDir, 'encryption.key'), 'utf8')
    await stopped(reads.service, reads.clock)
    const config = parseConfig({ PORT: '0', DATA_DIR: dataDir, OAUTH_CLIENTS: clients })
    const { lines, run } = terminalAt('', {}, { config: async () => config })
    expect(await run('keys', 'rotate')).toBe(0)
    expect(lines[0]).toMatch(/^1 credentials are now encrypted with key [0-9a-f]{16}$/)
    expect(readFileSync(join(dataDir, 'encryption.key'), 'utf8')).not.toBe(before)

    const log = createLog('silent')
    const again = await startService(config, {
      log,
      clock: reads.clock,
      connectors: [reads.platform.connector],
    })
    onTestFinished(() => again.stop())
    const tested = await fetch(`${again.url}/api/v1/connectors/${id}/test`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    expect(await tested.json()).toMatchObject({ ok: true })
  })
})

describe('PostgreSQL by DATABASE_URL', () => {
  it('takes the place of the file', async () => {
    const reads = await startReads(await environmentOn('PostgreSQL'))
    onTestFinished(() => reads.service.stop())
    reads.platform.rows = [{ date: '2026-11-01', id: 'a', clicks: 1 }]
    await reads.connect()
    const { body } = await reads.ended((await reads.fetchReport()).body.request_id)
    expect(body).toMatchObject({ status: 'completed', result: { records_fetched: 1 } })
    const synced = await reads.get('/api/v1/connectors/queue')
    expect(synced.body.queue_status).toMatchObject({ total_queued: 0, your_requests: 0 })
  })
})
