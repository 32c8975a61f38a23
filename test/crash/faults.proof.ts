import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { smallDisk } from '../support/small-disk.ts'
import { ask } from './http.ts'
import { type Budget, startOutside } from './outside.ts'
import { serviceProcess } from './service-process.ts'
import { soon } from './wait.ts'

const NOTHING_LOST = { forgotten: 0, limitsLost: 0 }

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The service in a directory, with everything outside it. Not started. */
async function world(directory: string, uid?: number) {
  const outside = await startOutside(seededRandom(1), 2)
  onTestFinished(() => outside.close())
  const port = String(await freePort())
  const url = `http://127.0.0.1:${port}`
  const environment = { ...outside.environment(url), PORT: port, STORE: 'sqlite', DATA_DIR: directory }
  const service = await serviceProcess(environment, uid)
  onTestFinished(() => service.close())
  return {
    outside,
    service,
    url,
    environment,
    async startUnderLoad() {
      await service.start()
      await outside.setLimits(url)
      await outside.putCampaign(url)
      outside.startLoad([url])
      await outside.goesOn()
    },
  }
}

describe('the service on a full disk', () => {
  it('refuses bids and says why, goes on when there is space, and loses nothing acknowledged', async () => {
    const disk = smallDisk()
    const { outside, service, url, startUnderLoad } = await world(disk.directory)
    await startUnderLoad()
    await disk.fill(50_000)
    // The records and the ledger share the disk; whichever wants space first says so.
    await outside.isRefused('records_unavailable', 'budget_store_unavailable')
    await soon('the service says that it is not ready, and why', async () => {
      const ready = await ask('GET', `${url}/readyz`)
      return ready?.status === 503 && /^(\w+_unavailable: the disk is full\n?)+$/.test(ready.body)
    })

    disk.makeSpace()
    outside.aimAtNext()
    await outside.goesOn()
    expect(await outside.audit(url)).toMatchObject(NOTHING_LOST)
    await service.kill()
    await service.start()
    await outside.putCampaign(url)
    expect(await outside.audit(url)).toMatchObject(NOTHING_LOST)
    await outside.stopLoad()
    expect(outside.verdict()).toMatchObject({ overspent: 0, unknown: 0 })
  })
})

describe('the service in a directory it may not write', () => {
  it('names it and exits, and starts when it may', async () => {
    const directory = folder()
    chmodSync(directory, 0o555)
    // The superuser may write everywhere, so the service becomes somebody else.
    const { service } = await world(directory, process.getuid?.() === 0 ? 65_534 : undefined)
    await expect(service.start()).rejects.toThrow(`Cannot start: ${directory}/ledger.lock cannot be written`)
    expect(await service.ended()).toBe(1)
    chmodSync(directory, 0o777)
    await service.start()
  })
})

describe('the service that is told to stop', () => {
  it('gives back everything that is not spent, also under load', async () => {
    const { outside, service, url, startUnderLoad } = await world(folder())
    await startUnderLoad()
    service.signal('SIGTERM')
    expect(await service.ended()).toBe(0)
    await service.start()
    await outside.putCampaign(url)
    expect(await outside.audit(url)).toMatchObject(NOTHING_LOST)
    const { budgets } = (await ask('GET', `${url}/v1/budgets`))?.body ?? {}
    // Auctions whose bills may still come stay counted; nobody waits for a bill of a platform.
    const ours = (one: Budget) => /^\w+:(google_ads|meta|tradedesk)/.test(one.scope)
    expect(budgets.filter((one: Budget) => ours(one) && one.forfeited !== undefined)).toEqual([])
    await outside.stopLoad()
    expect(outside.verdict()).toMatchObject({ overspent: 0, unknown: 0 })
  })

  it('stops at once when it is told twice, with a ledger that verifies and counts what was on its way', async () => {
    const { outside, service, url, environment, startUnderLoad } = await world(folder())
    await startUnderLoad()
    outside.faults.clear()
    for (const platform of ['google_ads', 'meta', 'tradedesk'] as const) {
      outside.faults.add({ platform, times: 'always', fault: { is: 'hold_after' } })
    }
    await outside.faults.whenHeld(1)
    service.signal('SIGTERM')
    await soon('the service closes its port', async () => (await ask('GET', `${url}/livez`)) === undefined)
    service.signal('SIGTERM')
    expect(await service.ended()).toBe(1)

    const verify = spawn(process.execPath, ['bin/bidwarden.cjs', 'ledger', 'verify'], {
      env: { PATH: process.env['PATH'], ...environment },
    })
    let said = ''
    for (const stream of [verify.stdout, verify.stderr]) stream.on('data', (chunk) => (said += chunk))
    const [code] = await once(verify, 'close')
    expect(said).toMatch(/platform:meta +[0-9.]+ /)
    expect(code).toBe(0)
    outside.faults.clear()
    outside.faults.release()
    await service.start()
    await outside.putCampaign(url)
    expect(await outside.audit(url)).toMatchObject(NOTHING_LOST)
    await outside.stopLoad()
    expect(outside.verdict()).toMatchObject({ overspent: 0, unknown: 0 })
  })
})
