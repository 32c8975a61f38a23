import type { ConversionLimits } from '../../connectors/index.ts'

/** From this latency on a call counts as slow, in milliseconds: above it a connection is no longer healthy. */
const SLOW_MS = 5_000
/** The most calls at once to one platform. */
export const MAX_CONCURRENCY = 10
/** How many of the latest calls the duration of a call is estimated from. */
const SAMPLES = 20

export interface BatchSample {
  readonly size: number
  readonly latencyMs: number
}

/** The latest choice of the optimiser, by the field names of the interface's specification. */
export interface BatchOptimizationResult {
  readonly original_batch_size: number
  readonly optimized_batch_size: number
  /** The expected increase of events per second, as a share; 0 while too little is known. */
  readonly estimated_throughput_improvement: number
  readonly recommendation: string
}

/**
 * Chooses how many events a call contains, and how many calls a connection makes at once: slightly more after calls
 * that succeeded quickly, half as many after a call that failed or was slow.
 */
export class BatchOptimiser {
  readonly #limits: ConversionLimits
  readonly #samples: BatchSample[] = []
  #size: number
  #concurrency = 1
  #last: BatchOptimizationResult

  constructor(limits: ConversionLimits) {
    this.#limits = limits
    this.#size = limits.startEventsPerCall
    this.#last = {
      original_batch_size: this.#size,
      optimized_batch_size: this.#size,
      estimated_throughput_improvement: 0,
      recommendation: 'no call was full yet, so nothing speaks for longer or shorter ones',
    }
  }

  get size(): number {
    return this.#size
  }

  get concurrency(): number {
    return this.#concurrency
  }

  get last(): BatchOptimizationResult {
    return this.#last
  }

  /**
   * Notes a call that succeeded.
   * @param isFull whether it contained as many events as were allowed, so that a larger one may be better
   */
  worked({ size, latencyMs }: BatchSample, isFull: boolean): void {
    this.#samples.push({ size, latencyMs })
    if (this.#samples.length > SAMPLES) this.#samples.shift()
    if (latencyMs > SLOW_MS) {
      this.#halve(`a call of ${size} events took ${Math.round(latencyMs)} ms`)
      return
    }
    if (!isFull) return
    const step = Math.max(1, Math.floor(this.#limits.maxEventsPerCall / 10))
    const most = this.#limits.maxEventsPerCall
    const next = Math.min(most, this.#size + step)
    this.#concurrency = Math.min(MAX_CONCURRENCY, this.#concurrency + 1)
    this.#choose(
      next,
      next === most ? 'as many as the platform takes in one call' : 'full calls work and are quick',
    )
  }

  /** Notes a call that failed or was throttled. */
  failed(why: string): void {
    this.#halve(why)
  }

  #halve(why: string): void {
    this.#concurrency = Math.max(1, Math.floor(this.#concurrency / 2))
    this.#choose(Math.max(1, Math.floor(this.#size / 2)), why)
  }

  #choose(size: number, recommendation: string): void {
    this.#last = {
      original_batch_size: this.#size,
      optimized_batch_size: size,
      estimated_throughput_improvement: this.#improvement(this.#size, size),
      recommendation,
    }
    this.#size = size
  }

  /** Estimated with a straight line through the latest calls: a fixed duration per call, and one per event. */
  #improvement(from: number, to: number): number {
    const line = lineThrough(this.#samples)
    if (!line) return 0
    const timeOf = (size: number) => Math.max(1e-3, line.base + line.perEvent * size)
    return to / timeOf(to) / (from / timeOf(from)) - 1
  }
}

function lineThrough(samples: readonly BatchSample[]): { base: number; perEvent: number } | undefined {
  const count = samples.length
  if (count < 3) return undefined
  const mean = (numberOf: (one: BatchSample) => number) =>
    samples.reduce((sum, one) => sum + numberOf(one), 0) / count
  const [size, latency] = [mean((one) => one.size), mean((one) => one.latencyMs)]
  const spread = mean((one) => (one.size - size) ** 2)
  if (spread === 0) return undefined
  const perEvent = mean((one) => (one.size - size) * (one.latencyMs - latency)) / spread
  return { base: latency - perEvent * size, perEvent }
}
