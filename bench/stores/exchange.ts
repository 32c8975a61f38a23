import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from '../measure.ts'
import { runClient, type Server, startServer } from '../servers.ts'

const ROUNDS = 7

interface Load {
  readonly perSecond: number
  readonly p99Ms: number
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
  const memory = await startServer('src/main.ts', { ...environment, DATA_DIR: join(directory, 'memory') })
  const sqlite = await startServer('src/main.ts', {
    ...environment,
    STORE: 'sqlite',
    DATA_DIR: join(directory, 'sqlite'),
  })
  const loads: [Load[], Load[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    // Whoever comes first in a round is second in the next.
    const turns = [0, 1] as const
    for (const i of round % 2 === 0 ? turns : turns.toReversed())
      loads[i]?.push(await flatOut(i === 0 ? memory : sqlite))
  }
  memory.stop()
  sqlite.stop()
  rmSync(directory, { recursive: true, force: true })
  const of = (all: readonly Load[], figure: (load: Load) => number) => median(all.map(figure))
  const [inMemory, onDisk] = loads
  const rate = ({ perSecond }: Load) => perSecond
  const p99 = ({ p99Ms }: Load) => p99Ms
  const ratio = (figure: (load: Load) => number) => of(onDisk, figure) / of(inMemory, figure)
  process.stdout.write('| store | requests/s | p99 flat out, ms | answered with a bid |\n|---|---|---|---|\n')
  for (const [name, all] of [
    ['memory', inMemory],
    ['sqlite', onDisk],
  ] as const) {
    const share = of(all, ({ bids, noBids }) => bids / (bids + noBids))
    process.stdout.write(
      `| ${name} | ${of(all, rate).toFixed(0)} | ${of(all, p99)} | ${(share * 100).toFixed(0)} % |\n`,
    )
  }
  process.stdout.write(
    `| ratio | ${ratio(rate).toFixed(2)} (≥ 0.90) | ${ratio(p99).toFixed(2)} (≤ 1.10) | |\n`,
  )
}

const flatOut = async ({ url }: Server): Promise<Load> =>
  JSON.parse(await runClient(['bench/cases/openrtb-client.ts', url]))
