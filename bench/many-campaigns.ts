import {
  CampaignIndex,
  CampaignSpec,
  type DecideAuctionDeps,
  decide,
  writeAnswer,
} from '../src/agent/exchange/openrtb/index.ts'
import { median } from './measure.ts'
import {
  auctionDeps,
  COUNTRIES,
  newBudget,
  PLENTY,
  readRequest,
  SEAT,
  SIZES,
  samples,
  storeCampaigns,
} from './openrtb-world.ts'

/**
 * What an auction costs with ten thousand campaigns, in auctions with fifty: processor time without HTTP, on the real
 * shield. `node bench/many-campaigns.ts`
 */

/** How campaign `i` differs from a plain one. */
type Shape = (i: number) => Record<string, unknown>

const markup = (i: number, w: number, h: number) =>
  `<a href="https://click.brand-${i}.example/?c=${i}"><img src="https://cdn.brand-${i}.example/${w}x${h}.jpg" width="${w}" height="${h}"></a>`

/** Numbers that look random and are the same in every run. */
const mixed = (i: number, of: number): number => (Math.imul(i + 1, 2_654_435_761) >>> 8) % of

const banner = (i: number, sizes: readonly (readonly [number, number])[]) => ({
  id: `cr-${i}`,
  type: 'banner',
  language: 'en',
  sizes: sizes.map(([w, h]) => ({ w, h })),
  markup: markup(i, 300, 250),
})

const video = (i: number) => ({
  id: `v-${i}`,
  type: 'video',
  vast: '<VAST version="3.0"><Ad><InLine></InLine></Ad></VAST>',
  durationSeconds: 15,
  mimes: ['video/mp4'],
})

const spread: Shape = (i) => ({
  price: {
    cpmPerLtv: 0.01 + mixed(i, 1000) / 20_000,
    minCpm: mixed(i + 7, 500) / 100,
    maxCpm: (1000 + mixed(i + 3, 3000)) / 100,
  },
  targeting: {
    countries: i >= 10 && i % 2 === 1 ? COUNTRIES.slice(i % 8, (i % 8) + 1 + (i % 3)) : [],
    deviceTypes: [[], [2], [4, 5], [1, 4, 5]][mixed(i + 11, 4)],
    rewarded: mixed(i + 5, 20) === 0 ? 'none' : 'any',
  },
  categories: [`IAB${1 + mixed(i + 1, 20)}-${1 + mixed(i + 2, 8)}`],
  activeHours: mixed(i + 9, 4) === 0 ? { timezone: 'UTC', from: 0, to: 12 } : undefined,
  creatives: [banner(i, [SIZES[i % 10] ?? SIZES[0]]), ...(i % 5 === 0 ? [video(i)] : [])],
})
const oneSize: Shape = (i) => ({
  ...spread(i),
  targeting: {},
  activeHours: undefined,
  creatives: [banner(i, SIZES)],
})
const fixed = (cpm: number) => ({ cpmPerLtv: 0, minCpm: cpm, maxCpm: cpm })
const dearFrom10 = (i: number) => fixed(i < 10 ? 5 : (6000 + i) / 1000)
const rising: Shape = (i) => ({ ...oneSize(i), price: fixed((5000 + i) / 1000) })
const same: Shape = (i) => ({ ...oneSize(i), price: { cpmPerLtv: 0.01, minCpm: 1, maxCpm: 20 } })
const wrongDevice: Shape = (i) => ({
  ...oneSize(i),
  targeting: i < 10 ? {} : { deviceTypes: [99] },
  price: dearFrom10(i),
})
const spent: Shape = (i) => ({
  ...oneSize(i),
  price: dearFrom10(i),
  limits: [{ kind: 'sliding', max: i < 10 ? 1_000_000_000 : 0.001 }],
})

function createBench(count: number, shape: Shape, globalMax = PLENTY): DecideAuctionDeps {
  const budget = newBudget()
  const campaigns = new CampaignIndex()
  const specs = Array.from({ length: count }, (_, i) =>
    CampaignSpec.parse({
      seat: SEAT.id,
      limits: [{ kind: 'sliding', max: 1_000_000_000 }],
      advertiserDomain: `shop.brand-${i}.example`,
      ...shape(i),
    }),
  )
  storeCampaigns(budget, campaigns, specs, globalMax)
  return auctionDeps(budget, campaigns, 1_000_000, () => undefined)
}

/** Every sample so often between two readings of the processor's time, which cost something themselves. */
const REPEATS = 20

/** Processor microseconds per auction: read, decided, written. */
function cost(
  deps: DecideAuctionDeps,
  bodies: readonly unknown[],
  forMs: number,
): { us: number; bids: number } {
  const found = { auctions: 0, bids: 0, busyUs: 0 }
  const seqs: number[] = []
  const endMs = performance.now() + forMs
  while (performance.now() < endMs) {
    const from = process.cpuUsage()
    for (let i = 0; i < REPEATS; i++) {
      for (const body of bodies) {
        const request = readRequest(body)
        const decision = decide(deps, SEAT, request)
        for (const { bids } of decision.groups) for (const { seq } of bids) seqs.push(seq)
        writeAnswer(deps, SEAT, request, decision, { version: '2.6', explain: undefined })
      }
    }
    const { user, system } = process.cpuUsage(from)
    found.busyUs += user + system
    found.auctions += REPEATS * bodies.length
    found.bids += seqs.length
    for (const seq of seqs.splice(0)) deps.auctionBudget.release(seq)
  }
  return { us: found.busyUs / found.auctions, bids: found.bids / found.auctions }
}

const print = (text: string): boolean => process.stdout.write(`${text}\n`)
const dearFloor = samples.map((body) => {
  const copy = structuredClone(body) as { imp: { bidfloor: number; bidfloorcur: string }[] }
  for (const imp of copy.imp) Object.assign(imp, { bidfloor: 10_000, bidfloorcur: 'USD' })
  return copy
})
const WORLDS: Record<string, [Shape, readonly unknown[], number?]> = {
  'all formats, ten sizes, countries, devices, hours': [spread, samples],
  'all in every size': [oneSize, samples],
  'each dearer than the one before': [rising, samples],
  'all alike': [same, samples],
  'the dear ones for another device': [wrongDevice, samples],
  'the dear ones without budget': [spent, samples],
  'below every floor': [oneSize, dearFloor],
  'nothing left of the shared budget': [oneSize, samples, 0],
}
const [only] = process.argv.slice(2)
print('| campaigns | 50, µs | 10 000, µs | ratio | bids |')
print('|---|---|---|---|---|')
for (const [name, [shape, bodies, max]] of Object.entries(WORLDS)) {
  if (only !== undefined && !name.includes(only)) continue
  const [few, many] = [createBench(50, shape, max as never), createBench(10_000, shape, max as never)]
  for (const bench of [few, many]) cost(bench, bodies, 600)
  const rounds = Array.from({ length: 5 }, () => {
    const a = cost(few, bodies, 250)
    const b = cost(many, bodies, 250)
    return { a: a.us, b: b.us, ratio: b.us / a.us, bids: b.bids }
  })
  const of = (pick: (r: (typeof rounds)[number]) => number) => median(rounds.map(pick))
  print(
    `| ${name} | ${of((r) => r.a).toFixed(1)} | ${of((r) => r.b).toFixed(1)} | ${of((r) => r.ratio).toFixed(2)} | ${of((r) => r.bids).toFixed(2)} |`,
  )
}
