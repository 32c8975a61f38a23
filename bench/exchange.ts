import { readFileSync } from 'node:fs'
import { median } from './measure.ts'
import { cpuSeconds, runClient, type Server, startServer } from './servers.ts'

const ROUNDS = 5
/** Both servers can do this many times over, so what is measured is how long an answer takes and not a queue. */
const PACED_PER_SECOND = 1_000
const PATH = '/openrtb2/example/bid'
const SAMPLE = new URL('./openrtb-samples/01-desktop-news-300x250.json', import.meta.url)

interface Load {
  readonly perSecond: number
  readonly p99Ms: number
  readonly bids: number
  readonly noBids: number
  /** Processor time of the server for one request. */
  readonly cpuMicroseconds: number
}

interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** `POST /openrtb2/{seat}/bid` beside a bare `node:http` server with the same requests, in turn in the same run. */
export async function benchExchange(): Promise<void> {
  const bare = await startServer('bench/cases/bare-node.ts')
  const service = await startServer('bin/bidwarden.cjs', {
    OPENRTB_BUDGET: '9000000000',
    OPENRTB_RATES: '{"EUR":1.08,"GBP":1.27,"JPY":0.0065}',
    // Under a flat-out load the event loop is always late; shedding is not what is measured here.
    OPENRTB_SHED_ABOVE_MS: '100000',
  })
  const plain: Load[] = []
  const ours: Load[] = []
  const plainPaced: Latency[] = []
  const oursPaced: Latency[] = []
  for (let round = 0; round < ROUNDS; round++) {
    plain.push(await flatOut(bare))
    ours.push(await flatOut(service))
    plainPaced.push(await paced(bare))
    oursPaced.push(await paced(service))
  }
  bare.stop()
  service.stop()
  const of = <T>(rounds: readonly T[], figure: (round: T) => number) => median(rounds.map(figure))
  const rate = (loads: readonly Load[]) => of(loads, ({ perSecond }) => perSecond)
  const cpu = (loads: readonly Load[]) => of(loads, ({ cpuMicroseconds }) => cpuMicroseconds)
  const p50 = (rounds: readonly Latency[]) => of(rounds, ({ p50Ms }) => p50Ms).toFixed(2)
  const p99 = (rounds: readonly Latency[]) => of(rounds, ({ p99Ms }) => p99Ms)
  const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  row('figure', 'value', 'goal')
  row('---', '---', '---')
  row('bare node:http, requests/s', rate(plain).toFixed(0), '')
  row('`POST /openrtb2/example/bid`, requests/s', rate(ours).toFixed(0), '')
  row('ratio', (rate(ours) / rate(plain)).toFixed(2), '≥ 0.65')
  row('processor time each, bare · ours, µs', `${cpu(plain).toFixed(0)} · ${cpu(ours).toFixed(0)}`, '')
  row('ratio of processor time, bare ÷ ours', (cpu(plain) / cpu(ours)).toFixed(2), '≥ 0.65')
  const at = `at ${PACED_PER_SECOND}/s, bare · ours, ms`
  row(`p50 ${at}`, `${p50(plainPaced)} · ${p50(oursPaced)}`, '')
  row(`p99 ${at}`, `${p99(plainPaced).toFixed(2)} · ${p99(oursPaced).toFixed(2)}`, '')
  row('ratio of p99 at the same rate', (p99(oursPaced) / p99(plainPaced)).toFixed(2), '≤ 2')
  const flatP99 = (loads: readonly Load[]) => of(loads, ({ p99Ms }) => p99Ms)
  row('p99 flat out, bare · ours, ms', `${flatP99(plain)} · ${flatP99(ours)}`, '')
  const share = of(ours, ({ bids, noBids }) => bids / (bids + noBids))
  row('answered with a bid and a hold', `${(share * 100).toFixed(0)} %`, '')
}

async function flatOut(server: Server): Promise<Load> {
  const before = cpuSeconds(server)
  const load = JSON.parse(await runClient(['bench/cases/openrtb-client.ts', server.url]))
  const requests = load.bids + load.noBids
  return { ...load, cpuMicroseconds: ((cpuSeconds(server) - before) * 1e6) / requests }
}

async function paced({ url }: Server): Promise<Latency> {
  const body = readFileSync(SAMPLE, 'utf8')
  const script = ['bench/cases/paced-client.ts', url + PATH, body, String(PACED_PER_SECOND)]
  return JSON.parse(await runClient(script))
}
