import { readFileSync } from 'node:fs'
import { childrenOf } from '../test/support/children.ts'
import { median } from './measure.ts'
import { anywhere, cpuSeconds, runClient, type Server, startServer } from './servers.ts'

const ROUNDS = 3
const COUNTS = [0, 1, 2] as const
/** What any of them answers easily, so that nobody waits for a core. */
const PACED_PER_SECOND = 1_000
const PACED_SECONDS = 8
const SAMPLE = new URL('./openrtb-samples/01-desktop-news-300x250.json', import.meta.url)

/** Figures of one load. Processor time is in microseconds for one request. */
interface Load {
  readonly perSecond: number
  readonly p99Ms: number
  /** Of the processes that answer auctions. */
  readonly answering: number
  /** Of the process that keeps the ledger, where it does not answer any. */
  readonly primary: number
  readonly client: number
  /** Of all processes of the service, at {@link PACED_PER_SECOND}. */
  readonly paced: number
}

/**
 * `POST /openrtb2/{seat}/bid` by one process, one worker and two workers, all on every core, with the SQLite ledger. The
 * client needs cores as well, so what they would answer without it is worked out of the processor time.
 */
export async function benchWorkers(): Promise<void> {
  const loads = new Map<number, Load[]>(COUNTS.map((workers) => [workers, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const workers of COUNTS) {
      const env = { OPENRTB_BUDGET: '9000000000', OPENRTB_SHED_ABOVE_MS: '100000', STORE: 'sqlite' }
      const rates = '{"EUR":1.08,"GBP":1.27,"JPY":0.0065}'
      const server = await startServer(
        'bin/bidwarden.cjs',
        { ...env, OPENRTB_RATES: rates, WORKERS: String(workers) },
        anywhere,
      )
      await flatOut(server)
      const load = await flatOut(server)
      loads.get(workers)?.push({ ...load, paced: await paced(server) })
      server.stop()
    }
  }
  const of = (workers: number, figure: (load: Load) => number) =>
    median((loads.get(workers) ?? []).map(figure))
  const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  row('figure', 'one process', '1 worker', '2 workers')
  row('---', '---', '---', '---')
  const line = (name: string, digits: number, figure: (load: Load) => number) =>
    row(name, ...COUNTS.map((workers) => of(workers, figure).toFixed(digits)))
  line('requests/s, client on the same cores', 0, ({ perSecond }) => perSecond)
  line('p99, ms', 1, ({ p99Ms }) => p99Ms)
  line('processor time of who answers, µs a request', 1, ({ answering }) => answering)
  line('processor time of the primary, µs a request', 1, ({ primary }) => primary)
  line('processor time of the client, µs a request', 1, ({ client }) => client)
  line(`processor time of the service at ${PACED_PER_SECOND}/s, µs a request`, 1, ({ paced }) => paced)
  const perCore = ({ answering, primary }: Load) => 1e6 / (answering + primary)
  const [alone, both] = [of(1, perCore), 2 * of(2, perCore)]
  process.stdout.write('\n')
  row('figure', 'value', 'goal')
  row('---', '---', '---')
  row('one worker and the primary on a core of their own, requests/s', alone.toFixed(0), '')
  row('two workers and the primary on two cores of their own, requests/s', both.toFixed(0), '')
  row('ratio', (both / alone).toFixed(2), '≥ 1.6')
  const pacedRatio = (2 * of(1, ({ paced }) => paced)) / of(2, ({ paced }) => paced)
  row('ratio by the processor time at the same rate', pacedRatio.toFixed(2), '≥ 1.6')
}

async function flatOut(server: Server): Promise<Omit<Load, 'paced'>> {
  const workers = childrenOf(server.pid)
  const ofWorkers = () => workers.reduce((sum, pid) => sum + cpuSeconds({ pid }), 0)
  const before = { primary: cpuSeconds(server), workers: ofWorkers() }
  const load = JSON.parse(await runClient(['bench/cases/openrtb-client.ts', server.url], anywhere))
  const each = (seconds: number) => (seconds * 1e6) / (load.bids + load.noBids)
  const primary = each(cpuSeconds(server) - before.primary)
  const { perSecond, p99Ms } = load
  const client = each(load.cpuSeconds)
  if (workers.length === 0) return { perSecond, p99Ms, client, answering: primary, primary: 0 }
  return { perSecond, p99Ms, client, primary, answering: each(ofWorkers() - before.workers) }
}

async function paced(server: Server): Promise<number> {
  const processes = [server.pid, ...childrenOf(server.pid)]
  const taken = () => processes.reduce((sum, pid) => sum + cpuSeconds({ pid }), 0)
  const before = taken()
  const ask = [`${server.url}/openrtb2/example/bid`, readFileSync(SAMPLE, 'utf8'), String(PACED_PER_SECOND)]
  await runClient(['bench/cases/paced-client.ts', ...ask], anywhere)
  return ((taken() - before) * 1e6) / (PACED_PER_SECOND * PACED_SECONDS)
}
