import { startRedis } from '../support/redis-server.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startOutside, type Verdict } from './outside.ts'
import { replicaOf, startAgain, trust } from './redis-rounds.ts'
import type { ServiceProcess } from './service-process.ts'
import { pause } from './wait.ts'

const REPLICAS = 4
/** So long the load is watched before the first replica is replaced, in milliseconds. */
const STEADY_MS = 20_000
/** As `minReadySeconds` of the deployment, and its `preStop`: shorter, since nothing here needs longer. */
const READY_MS = 4_000
const LEAVING_MS = 1_000

/** What came of replacing every replica under load, one after the other. Money in micros. */
export interface Rolled extends Verdict {
  readonly acknowledged: number
  readonly won: number
  /** Requests that got no answer, or half of one. */
  readonly lost: number
  /** Exit codes of the replicas that were replaced. */
  readonly exitCodes: readonly (number | null)[]
  readonly forgotten: number
  /** What was charged a second while replicas were replaced, as a share of what was before. */
  readonly delivery: { readonly platforms: number; readonly exchange: number }
}

/**
 * Four processes that share budgets in Redis are replaced as a Deployment does it: a new one starts, is asked once it is ready,
 * and then an old one is asked no more and told to end. Notices for its bids come to the others.
 */
export async function rollReplicas(seed: number): Promise<Rolled> {
  const opened: (() => unknown)[] = []
  try {
    const outside = await startOutside(seededRandom(seed), 1)
    opened.push(() => outside.close())
    const redis = await startRedis('--appendonly', 'yes')
    opened.push(() => redis.close())
    const start = async (): Promise<ServiceProcess> => {
      const service = await replicaOf(outside, redis.url)
      opened.push(() => service.close())
      await startAgain(service)
      return service
    }
    const services = await Promise.all(Array.from({ length: REPLICAS }, start))
    const urls = services.map(({ url }) => url)
    await trust(urls)
    await outside.setLimits(urls[0] ?? '')
    await outside.putCampaign(urls[0] ?? '')
    // Read anew for each request, as a balancer would.
    outside.startLoad(urls)
    await outside.isLoad()

    const steady = await chargedMeanwhile(() => pause(STEADY_MS))
    const exitCodes: (number | null)[] = []
    const rolling = await chargedMeanwhile(async () => {
      for (const old of services) {
        urls.push((await start()).url)
        await pause(READY_MS)
        urls.splice(urls.indexOf(old.url), 1)
        await pause(LEAVING_MS)
        old.signal('SIGTERM')
        exitCodes.push(await old.ended())
      }
    })
    await outside.goesOn()
    await outside.stopLoad()
    const { forgotten } = await outside.audit(urls[0] ?? '')
    return {
      ...outside.verdict(),
      acknowledged: outside.acknowledged.length,
      won: outside.auctionsWon,
      lost: outside.answers.get('lost') ?? 0,
      exitCodes,
      forgotten,
      delivery: {
        platforms: rolling.platforms / steady.platforms,
        exchange: rolling.exchange / steady.exchange,
      },
    }

    /** What is charged a second, in micros, while this is done. */
    async function chargedMeanwhile(work: () => Promise<void>) {
      const [before, fromMs] = [outside.charged(), performance.now()]
      await work()
      const [after, seconds] = [outside.charged(), (performance.now() - fromMs) / 1000]
      return {
        platforms: (after.platforms - before.platforms) / seconds,
        exchange: (after.exchange - before.exchange) / seconds,
      }
    }
  } finally {
    for (let close = opened.pop(); close; close = opened.pop()) await close()
  }
}
