import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { goOn, startHarness, stopped } from '../support/harness.ts'
import { startReads } from '../support/reads.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const files = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** A service that has connected an account and read a report, and is stopped again. */
async function used(environment: Record<string, string>) {
  const reads = await startReads(environment)
  reads.platform.rows = [{ date: '2026-11-01', id: 'a', clicks: 1 }]
  const id = await reads.connect()
  await reads.ended((await reads.fetchReport()).body.request_id)
  return { ...reads, id }
}

describe('DATA_DIR', () => {
  it('has no file that others may read, whatever its own mode is', async () => {
    const directory = folder()
    chmodSync(directory, 0o777)
    const { service, clock } = await used({ DATA_DIR: directory, STORE: 'sqlite' })
    const open = () =>
      Object.fromEntries(files(directory).map((path) => [path, (statSync(path).mode & 0o777).toString(8)]))
    const modes = open()
    const names = Object.keys(modes).map((path) => path.slice(directory.length + 1))
    for (const kind of ['ledger.db', 'records.db', 'bidwarden.db', 'encryption.key', 'notices.key'])
      expect(names).toContain(kind)
    expect(names.some((name) => name.endsWith('-wal'))).toBe(true)
    expect(names.some((name) => name.endsWith('.parquet'))).toBe(true)
    expect(new Set(Object.values(modes))).toEqual(new Set(['600']))
    await stopped(service, clock)

    // What an earlier version has left, or a copy has brought.
    for (const path of files(directory)) chmodSync(path, 0o644)
    const again = await startHarness({ DATA_DIR: directory, STORE: 'sqlite' })
    const loose = Object.entries(open()).filter(
      ([path, mode]) => mode !== '600' && !path.includes('/reports/'),
    )
    expect(loose).toEqual([])
    await stopped(again.service, again.clock)
  })

  it.each([
    ['empty', (path: string) => truncateSync(path)],
    ['gone', (path: string) => rmSync(path)],
  ])('whose database of connections is %s beside an old key is refused', async (_, lose) => {
    const directory = folder()
    const { service, clock } = await used({ DATA_DIR: directory })
    await stopped(service, clock)
    lose(join(directory, 'bidwarden.db'))
    await expect(startHarness({ DATA_DIR: directory })).rejects.toThrow(
      /bidwarden\.db is missing or empty; restore it, or delete bidwarden\.use and encryption\.key beside it/,
    )
    for (const name of ['bidwarden.use', 'encryption.key']) rmSync(join(directory, name))
    await startHarness({ DATA_DIR: directory })
  })
})

it('an ENCRYPTION_KEY that opens no credentials is said at the start, in the state and by every use', async () => {
  const directory = folder()
  const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')
  const { service, clock, platform, id } = await used({ DATA_DIR: directory, ENCRYPTION_KEY: key(1) })
  await stopped(service, clock)

  const clients = { DV360: { clientId: 'example', clientSecret: 'example-secret' } }
  const environment = { DATA_DIR: directory, OAUTH_CLIENTS: JSON.stringify(clients) }
  const wrong = await startHarness({ ...environment, ENCRYPTION_KEY: key(2) }, [platform.connector])
  expect(wrong.logged).toContainEqual(
    expect.objectContaining({ connections: 1, msg: expect.stringContaining('not in ENCRYPTION_KEY') }),
  )
  expect(wrong.service.reads?.state).toMatchObject({
    is: 'away',
    detail: expect.stringContaining('1 connections'),
  })
  expect(await wrong.get('/readyz')).toMatchObject({
    status: 503,
    body: expect.stringMatching(/^encryption_key: 1 connections: [^\n]+$/),
  })
  const tested = await wrong.send('POST', `/api/v1/connectors/${id}/test`)
  expect(tested.body).toMatchObject({ ok: false, detail: expect.stringContaining('not in ENCRYPTION_KEY') })
  const asked = {
    connector_id: id,
    report_type: 'performance',
    date_range: { start: '2026-10-01', end: '2026-10-02' },
  }
  const { body } = await wrong.send('POST', '/api/v1/connectors/fetch', asked)
  const path = `/api/v1/connectors/requests/${body.request_id}`
  for (let turn = 0; turn < 500 && (await wrong.get(path)).body.status !== 'failed'; turn++) await goOn()
  expect((await wrong.get(path)).body.error).toContain('not in ENCRYPTION_KEY')
  expect((await wrong.get('/api/v1/connectors')).status).toBe(200)
  expect((await wrong.bid()).status).toBe(200)
  await stopped(wrong.service, wrong.clock)

  const both = await startHarness({ ...environment, ENCRYPTION_KEY: `${key(2)},${key(1)}` }, [
    platform.connector,
  ])
  expect(both.service.reads?.state).toEqual({ is: 'open' })
  await stopped(both.service, both.clock)

  const third = await startHarness({ ...environment, ENCRYPTION_KEY: key(3) }, [platform.connector])
  expect((await third.get('/readyz')).status).toBe(503)
  const deleted = await third.send('DELETE', `/api/v1/connectors/${id}`)
  expect(deleted).toMatchObject({ status: 200 })
  third.clock.advance(60_000)
  for (let turn = 0; turn < 500 && (await third.get('/readyz')).status !== 200; turn++) await goOn()
  expect(await third.get('/readyz')).toMatchObject({ status: 200, body: 'ok' })
})
