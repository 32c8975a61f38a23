import type { ConversionLimits } from '../../connectors/index.ts'

/** From here on a call is slow, in milliseconds: the threshold at which a connection is no longer healthy. */
const SLOW_MS = 5_000
/** Most calls at once to one platform: its pool of connections. */
export const MAX_CONCURRENCY = 10
/** Batches by which the time of a call is estimated. */
const SAMPLES = 20

export interface BatchSample {
  readonly size: number
  readonly latencyMs: number
}

/** What the optimiser chose last, with the names of the interface's document. */
export interface BatchOptimizationResult {
  readonly original_batch_size: number
  readonly optimized_batch_size: number
  /** Share by which more events a second are to be expected; 0 where too little is known. */
  readonly estimated_throughput_improvement: number
  readonly recommendation: string
}

/**
 * Chooses how many events a call has, and how many calls a connection makes at once: a little more after calls that
 * worked and were quick, half after one that failed or was slow.
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
   * Notes a call that the platform answered well.
   * @param isFull whether it had as many events as were allowed, so that more may be better
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

  /** Notes a call that the platform failed to answer, or throttled. */
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

  /** By a straight line through the latest calls: a call takes some time of its own, and some for each event. */
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
