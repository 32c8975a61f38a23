import { Histogram, type Registry } from 'prom-client'

/** A histogram of durations: one series of {@link Timings}. */
class Timing {
  readonly #upperMs: readonly number[]
  /** Number of durations in each bucket, not cumulative; the last bucket has all longer ones. */
  readonly counts: number[]
  sumMs = 0

  constructor(upperMs: readonly number[]) {
    this.#upperMs = upperMs
    this.counts = [...upperMs, Number.POSITIVE_INFINITY].map(() => 0)
  }

  observe(tookMs: number): void {
    const at = this.#upperMs.findIndex((upper) => tookMs <= upper)
    const bucket = at < 0 ? this.#upperMs.length : at
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
    this.sumMs += tookMs
  }

  add({ counts, sumMs }: Counted): void {
    counts.forEach((count, bucket) => {
      this.counts[bucket] = (this.counts[bucket] ?? 0) + count
    })
    this.sumMs += sumMs
  }
}

interface Counted {
  readonly counts: readonly number[]
  readonly sumMs: number
}

/** An increase of the series of an outcome. */
export interface TimingsUpdate<O extends string> extends Counted {
  readonly outcome: O
}

export interface TimingsOptions<O extends string> {
  readonly name: string
  readonly help: string
  /** Name of the label; `outcome` where nothing is said. */
  readonly label?: string
  /** Every possible outcome, so that nothing a caller sends creates a series. */
  readonly outcomes: readonly O[]
  /** Upper bounds of the buckets, rising, in milliseconds. */
  readonly upperMs: readonly number[]
}

/**
 * A Prometheus histogram in seconds, by outcome, that costs a few comparisons: its series are plain numbers until somebody
 * scrapes. prom-client's own histograms sort and hash their labels at each observation, and take in no counts of another process.
 */
export class Timings<O extends string> {
  readonly #series: readonly { readonly outcome: O; readonly timing: Timing }[]
  #told: ReadonlyMap<O, Counted> = new Map()

  constructor(registry: Registry, { name, help, label = 'outcome', outcomes, upperMs }: TimingsOptions<O>) {
    this.#series = outcomes.map((outcome) => ({ outcome, timing: new Timing(upperMs) }))
    const buckets = upperMs.map((ms) => ms / 1000)
    const samples = () =>
      this.#series.flatMap(({ outcome, timing }) => samplesOf(name, { [label]: outcome }, buckets, timing))
    new Scraped({ name, help, labelNames: [label], buckets, registers: [registry] }, samples)
  }

  observe(outcome: O, tookMs: number): void {
    this.#of(outcome)?.observe(tookMs)
  }

  /** The increases since the previous call, for another process to add to its own. */
  takeUpdates(): TimingsUpdate<O>[] {
    const before = this.#told
    const now = this.#series.map(({ outcome, timing: { counts, sumMs } }) => ({
      ...{ outcome, counts: [...counts], sumMs },
    }))
    this.#told = new Map(now.map((one) => [one.outcome, one]))
    return now
      .map(({ outcome, counts, sumMs }) => {
        const told = before.get(outcome)
        return {
          outcome,
          counts: counts.map((count, bucket) => count - (told?.counts[bucket] ?? 0)),
          sumMs: sumMs - (told?.sumMs ?? 0),
        }
      })
      .filter(({ counts }) => counts.some((count) => count > 0))
  }

  addUpdates(updates: readonly TimingsUpdate<O>[]): void {
    for (const { outcome, ...counted } of updates) this.#of(outcome)?.add(counted)
  }

  #of(outcome: O): Timing | undefined {
    return this.#series.find((one) => one.outcome === outcome)?.timing
  }
}

interface Sample {
  readonly metricName: string
  readonly labels: Record<string, string | number>
  readonly sharedLabels: Record<string, string>
  readonly value: number
}

/** Cumulative buckets, then the sum and the number. */
function samplesOf(
  name: string,
  labels: Readonly<Record<string, string>>,
  buckets: readonly number[],
  timing: Timing,
): Sample[] {
  const { counts, sumMs } = timing
  let count = 0
  const sample = (suffix: string, value: number, more: Sample['labels'] = {}): Sample => ({
    metricName: `${name}_${suffix}`,
    labels: { ...more, ...labels },
    sharedLabels: {},
    value,
  })
  const cumulated = [...buckets, '+Inf'].map((le, bucket) => {
    count += counts[bucket] ?? 0
    return sample('bucket', count, { le })
  })
  return [...cumulated, sample('sum', sumMs / 1000), sample('count', count)]
}

/** A histogram of prom-client that collects its figures at each scrape. */
class Scraped extends Histogram<string> {
  readonly #about: { readonly name: string; readonly help: string }
  readonly #samples: () => Sample[]

  constructor(about: ConstructorParameters<typeof Histogram<string>>[0], samples: () => Sample[]) {
    super(about)
    this.#about = about
    this.#samples = samples
  }

  /** What the registry, and `get()` of the base class, ask for. */
  async getForPromString() {
    const { name, help } = this.#about
    return { name, help, type: 'histogram', values: this.#samples(), aggregator: 'sum' }
  }
}
