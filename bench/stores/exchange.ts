import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from '../measure.ts'
import { runClient, type Server, startServer } from '../servers.ts'

const ROUNDS = 7
/** A quarter of what one core answers, so that a latency is not the length of a queue. */
const PACED_PER_SECOND = 1_000
const SAMPLE = new URL('../openrtb-samples/01-desktop-news-300x250.json', import.meta.url)

interface Load {
  readonly perSecond: number
  readonly p99Ms: number
  /** At {@link PACED_PER_SECOND}. */
  readonly pacedP99Ms: number
  readonly bids: number
  readonly noBids: number
}

/** `POST /openrtb2/{seat}/bid` of two services that differ in their store alone, in turn. */
export async function benchExchangeStores(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
  const environment = {
    OPENRTB_BUDGET: '9000000000',
    OPENRTB_RATES: '{"EUR":1.08,"GBP":1.27,"JPY":0.0065}',
    OPENRTB_SHED_ABOVE_MS: '100000',
  }
  const memory = await startServer('bin/bidwarden.cjs', {
    ...environment,
    DATA_DIR: join(directory, 'memory'),
  })
  const sqlite = await startServer('bin/bidwarden.cjs', {
    ...environment,
    STORE: 'sqlite',
    DATA_DIR: join(directory, 'sqlite'),
  })
  const loads: [Load[], Load[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    // Whoever comes first in a round is second in the next.
    const turns = [0, 1] as const
    for (const i of round % 2 === 0 ? turns : turns.toReversed())
      loads[i]?.push(await loaded(i === 0 ? memory : sqlite))
  }
  memory.stop()
  sqlite.stop()
  rmSync(directory, { recursive: true, force: true })
  const of = (all: readonly Load[], figure: (load: Load) => number) => median(all.map(figure))
  const [inMemory, onDisk] = loads
  const rate = ({ perSecond }: Load) => perSecond
  const p99 = ({ p99Ms }: Load) => p99Ms
  const paced = ({ pacedP99Ms }: Load) => pacedP99Ms
  const ratio = (figure: (load: Load) => number) => of(onDisk, figure) / of(inMemory, figure)
  const heads = [
    'store',
    'requests/s',
    'p99 flat out, ms',
    `p99 at ${PACED_PER_SECOND}/s, ms`,
    'answered with a bid',
  ]
  process.stdout.write(`| ${heads.join(' | ')} |\n|---|---|---|---|---|\n`)
  for (const [name, all] of [
    ['memory', inMemory],
    ['sqlite', onDisk],
  ] as const) {
    const share = of(all, ({ bids, noBids }) => bids / (bids + noBids))
    process.stdout.write(
      `| ${name} | ${of(all, rate).toFixed(0)} | ${of(all, p99)} | ${of(all, paced).toFixed(2)} | ${(share * 100).toFixed(0)} % |\n`,
    )
  }
  process.stdout.write(
    `| ratio | ${ratio(rate).toFixed(2)} (≥ 0.90) | ${ratio(p99).toFixed(2)} | ${ratio(paced).toFixed(2)} (≤ 1.10) | |\n`,
  )
}

async function loaded({ url }: Server): Promise<Load> {
  const flatOut = JSON.parse(await runClient(['bench/cases/openrtb-client.ts', url]))
  const ask = [`${url}/openrtb2/example/bid`, readFileSync(SAMPLE, 'utf8'), String(PACED_PER_SECOND)]
  const { p99Ms: pacedP99Ms } = JSON.parse(await runClient(['bench/cases/paced-client.ts', ...ask]))
  return { ...flatOut, pacedP99Ms }
}
