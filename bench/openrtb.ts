import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  CampaignIndex,
  CampaignSpec,
  decide,
  PredictionTable,
  writeAnswer,
} from '../src/agent/exchange/openrtb/index.ts'
import { systemClock } from '../src/time/clock.ts'
import {
  auctionDeps,
  COUNTRIES,
  newBudget,
  readRequest,
  SEAT,
  SIZES,
  samples,
  storeCampaigns,
} from './openrtb-world.ts'

/**
 * The bidder without HTTP, on the real shield: decisions per second, what more campaigns cost, and what an open hold
 * takes. `node bench/openrtb.ts [<millions of answers for the memory section, 2 unless told>]`
 */

const OPEN_HOLDS = 200_000
const OPTIONS = { version: '2.6', explain: undefined } as const

/** The first ten bid everywhere, one for each size; of the rest every second one is for up to three countries. */
function campaignSpec(i: number): CampaignSpec {
  const [w, h] = SIZES[i % SIZES.length] ?? [300, 250]
  const local = i >= SIZES.length && i % 2 === 1
  return CampaignSpec.parse({
    seat: 'acme',
    limits: [{ kind: 'sliding', max: 1_000_000_000 }],
    advertiserDomain: `shop.brand-${i}.example`,
    categories: ['IAB22-2', 'IAB18'],
    price: { cpmPerLtv: 0.02 + (i % 7) / 200, minCpm: 5 + (i % 13) / 10, maxCpm: 40 },
    targeting: { countries: local ? COUNTRIES.slice(i % 8, (i % 8) + 1 + (i % 3)) : [] },
    creatives: [
      {
        id: `cr-${i}`,
        type: 'banner',
        language: 'en',
        sizes: [{ w, h }],
        markup: `<a href="https://click.brand-${i}.example/?c=${i}" target="_blank"><img src="https://cdn.brand-${i}.example/${w}x${h}.jpg" width="${w}" height="${h}" alt="Autumn sale"></a><img src="https://pixel.brand-${i}.example/i?c=${i}" width="1" height="1" style="display:none">`,
      },
    ],
  })
}

function createBench(campaignCount: number) {
  const budget = newBudget()
  const campaigns = new CampaignIndex()
  storeCampaigns(
    budget,
    campaigns,
    Array.from({ length: campaignCount }, (_, i) => campaignSpec(i)),
  )
  const limits = { maxRows: 100_000, maxBytes: undefined }
  const predictions = new PredictionTable(systemClock, 'a secret', limits).of(undefined)
  for (let i = 0; i < 50_000; i++) {
    predictions.put({
      digest: predictions.digestOf('user', `user-${i}`),
      ltv: i / 100,
      confidence: 0.5,
      ttlSeconds: 86_400,
    })
  }
  const deps = auctionDeps(budget, campaigns, 10_000_000, (request) => predictions.find(request))
  return { deps, released: 0 }
}

type Bench = ReturnType<typeof createBench>

let sink = 0

function runDecide({ deps }: Bench, count: number): void {
  for (let i = 0; i < count; i++) {
    const request = requests[i % requests.length] ?? fail()
    sink += writeAnswer(deps, SEAT, request, decide(deps, SEAT, request), OPTIONS)?.length ?? fail()
  }
}

function runWhole({ deps }: Bench, count: number): void {
  for (let i = 0; i < count; i++) {
    const request = readRequest(samples[i % samples.length])
    sink += writeAnswer(deps, SEAT, request, decide(deps, SEAT, request), OPTIONS)?.length ?? fail()
  }
}

function fail(): never {
  throw new Error('a sample got no bid')
}

const requests = samples.map(readRequest)

/** Answers per batch; between batches, untimed, old holds are released so that {@link OPEN_HOLDS} stay open. */
const BATCH = 10_000

/** Runs batches with their holds open, and gives back the milliseconds that the batches themselves took. */
function timed(bench: Bench, run: (bench: Bench, count: number) => void, batches: number): number {
  let ms = 0
  for (let i = 0; i < batches; i++) {
    const startMs = systemClock.elapsedMs()
    run(bench, BATCH)
    ms += systemClock.elapsedMs() - startMs
    const newest = bench.deps.ids.next()
    for (; bench.released < newest - OPEN_HOLDS; bench.released++)
      bench.deps.auctionBudget.release(bench.released)
  }
  return ms
}

/** Answers per second: the median of several rounds, after warming up. */
function rate(campaigns: number, run: (bench: Bench, count: number) => void): number {
  const bench = createBench(campaigns)
  timed(bench, run, 40)
  const rounds = Array.from({ length: 7 }, () => (20 * BATCH * 1000) / timed(bench, run, 20))
  return rounds.toSorted((a, b) => a - b)[3] ?? 0
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function usedBytes(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function bytesPerHold(count: number): number {
  const bench = createBench(50)
  const request = requests[0] ?? fail()
  decide(bench.deps, SEAT, request)
  const beforeBytes = usedBytes()
  for (let i = 0; i < count; i++) decide(bench.deps, SEAT, request)
  const bytes = usedBytes() - beforeBytes
  if (bench.deps.ids.next() !== count + 2) fail()
  return bytes / count
}

const print = (text: string): boolean => process.stdout.write(`${text}\n`)

print(`${samples.length} samples, ${OPEN_HOLDS} holds open, every answer a bid with a hold\n`)
print('| campaigns | decide + write /s | read + decide + write /s |')
print('|---|---|---|')
for (const campaigns of [10, 50, 1000]) {
  print(
    `| ${campaigns} | ${Math.round(rate(campaigns, runDecide))} | ${Math.round(rate(campaigns, runWhole))} |`,
  )
}
print('\n| open holds | bytes each |')
print('|---|---|')
for (const holds of [200_000, 500_000, 600_000]) print(`| ${holds} | ${Math.round(bytesPerHold(holds))} |`)

const millions = Number(process.argv[2] ?? 2)
const flat = createBench(50)
timed(flat, runWhole, 100)
const beforeBytes = usedBytes()
timed(flat, runWhole, (millions * 1_000_000) / BATCH)
const grownKiB = (usedBytes() - beforeBytes) / 1024
print(`\nmemory after ${millions} million more answers: ${grownKiB.toFixed(0)} KiB more`)
print(`(${sink} characters answered)`)
