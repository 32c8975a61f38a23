import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyLedger } from '../../src/shield/index.ts'
import { freePort } from '../support/free-port.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startOutside } from './outside.ts'
import type { Report } from './report.ts'
import { serviceProcess } from './service-process.ts'
import { pause } from './wait.ts'

/** Rounds in which one campaign is bid on: its budget comes to its end, then the next one begins. */
const ROUNDS_PER_CAMPAIGN = 4
/** A process is killed at most so long after it began to listen. */
const LIFE_MS = 700
/** One in so many processes is killed while it starts. */
const EARLY = 6
const START_MS = 120
/** So many of the kills hit a worker, where there are any. */
const WORKER_SHARE = 0.7

/**
 * One ledger on the disk: its process is killed and started again under load, as often as asked.
 *
 * @param workers how many processes answer auctions; the kills then hit any of all
 */
export async function sqliteRounds(rounds: number, seed: number, workers = 0): Promise<Report> {
  const random = seededRandom(seed)
  const killTimes = seededRandom(seed + 1)
  const outside = await startOutside(random, Math.ceil(rounds / ROUNDS_PER_CAMPAIGN) + 1)
  const directory = mkdtempSync(join(tmpdir(), 'bidwarden-crash-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const service = await serviceProcess({
    ...outside.environment(url),
    PORT: String(port),
    STORE: 'sqlite',
    WORKERS: String(workers),
    DATA_DIR: directory,
  })
  const shares: number[] = []
  let forgotten = 0
  let limitsLost = 0
  const audit = async () => {
    const found = await outside.audit(url)
    forgotten = Math.max(forgotten, found.forgotten)
    limitsLost = Math.max(limitsLost, found.limitsLost)
    shares.push(...found.forfeitedShares)
  }
  try {
    await service.start()
    await outside.setLimits(url)
    await outside.putCampaign(url)
    outside.startLoad([url])
    let isDown = false
    for (let round = 0; round < rounds; round++) {
      if (round > 0 && round % ROUNDS_PER_CAMPAIGN === 0) outside.aimAtNext()
      if (isDown) {
        const starting = service.start()
        if (killTimes() < 1 / EARLY) {
          starting.catch(() => undefined)
          await pause(killTimes() * START_MS)
          await service.kill()
          continue
        }
        await starting
        isDown = false
        await audit()
      }
      // However slow the machine is, the kills hit something.
      if (round % ROUNDS_PER_CAMPAIGN === 0) await outside.goesOn()
      await pause(killTimes() * LIFE_MS)
      if (workers > 0 && killTimes() < WORKER_SHARE && service.killWorker(killTimes())) continue
      await service.kill()
      isDown = true
    }
    if (isDown) await service.start()
    await outside.isLoad()
    await audit()
    await outside.stopLoad()
    await audit()
    const recordsLost = await outside.recordsLost([url])
    service.signal('SIGTERM')
    await service.ended()
    const ledger = verifyLedger(directory)
    return {
      store: workers > 0 ? `sqlite, ${workers} workers` : 'sqlite',
      rounds,
      kills: rounds,
      acknowledged: outside.acknowledged.length,
      won: outside.auctionsWon,
      answers: outside.answers,
      ...outside.verdict(),
      forgotten,
      limitsLost,
      recordsLost,
      forfeitedShare: shares.reduce((sum, share) => sum + share, 0) / shares.length,
      ledger: ledger.is === 'right' ? 'right' : ledger.detail,
    }
  } catch (error) {
    throw new Error(`${error}\n${service.output()}`)
  } finally {
    await service.close()
    await outside.close()
    rmSync(directory, { recursive: true, force: true })
  }
}
