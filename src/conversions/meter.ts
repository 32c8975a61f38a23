import {
  CONVERSION_LABELS,
  CONVERSION_RESULTS,
  type ConversionResult,
  DOOR_RESULTS,
  type DoorResult,
  MESSAGE_RESULTS,
  type MessageResult,
  type Metrics,
} from '../metrics/metrics.ts'
import { BREAKER_STATES } from '../shield/index.ts'
import type { ConversionConnectionTable } from '../sync/index.ts'
import type { Clock } from '../time/clock.ts'

export type ConversionMetrics = Pick<
  Metrics,
  | 'collectors'
  | 'conversionEvents'
  | 'conversionDeliveries'
  | 'conversionMessages'
  | 'conversionCalls'
  | 'conversionBatches'
  | 'conversionDelay'
  | 'conversionsWaiting'
  | 'conversionsOldest'
  | 'conversionConnections'
  | 'conversionBreakers'
>

/** Deliveries of a platform that have not ended. */
export interface WaitingDeliveries {
  readonly rows: number
  /** When the oldest of them was stored; undefined if there is none. */
  readonly sinceMs: number | undefined
}

/** How many connections of a platform have a status. */
export interface ConnectionCount {
  readonly platform: string
  readonly status: ConversionConnectionTable['status']
  readonly rows: number
}

const STATUSES = ['connected', 'error', 'pending'] as const
/** The label of events whose platforms are unknown. */
const NO_PLATFORM = 'none'

interface MeterDeps {
  readonly clock: Clock
  readonly metrics: ConversionMetrics
}

type LaneHealth = { readonly platform: string; readonly breaker: { readonly state: { readonly is: string } } }

/** The metrics of conversions. All labels are from fixed lists. */
export class ConversionMeter {
  readonly #clock: Clock
  readonly #metrics: ConversionMetrics
  #waiting: ReadonlyMap<string, WaitingDeliveries> = new Map()
  #lanes: () => Iterable<LaneHealth> = () => []

  constructor({ clock, metrics }: MeterDeps) {
    this.#clock = clock
    this.#metrics = metrics
    // All series are created now: rate() in Prometheus misses the first increase of a series that begins with it.
    for (const platform of CONVERSION_LABELS) {
      for (const result of DOOR_RESULTS) metrics.conversionEvents.cell({ platform, result })
      for (const result of CONVERSION_RESULTS) metrics.conversionDeliveries.cell({ platform, result })
    }
    metrics.conversionEvents.cell({ platform: NO_PLATFORM, result: 'rejected' })
    for (const result of MESSAGE_RESULTS) metrics.conversionMessages.cell({ result })
    metrics.collectors.push(() => this.#collect())
  }

  /** @param platform undefined if the event was refused before its platforms were known */
  atDoor(platform: string | undefined, result: DoorResult): void {
    this.#metrics.conversionEvents.add({ platform: platform ?? NO_PLATFORM, result })
  }

  delivered(platform: string, result: ConversionResult, count = 1): void {
    if (count > 0) this.#metrics.conversionDeliveries.cell({ platform, result }).count += count
  }

  message(result: MessageResult, count = 1): void {
    if (count > 0) this.#metrics.conversionMessages.cell({ result }).count += count
  }

  /** @param createdMs when the event was accepted */
  acknowledged(platform: string, createdMs: number): void {
    this.delivered(platform, 'acknowledged')
    const known = CONVERSION_LABELS.find((one) => one === platform)
    if (known) this.#metrics.conversionDelay.observe(known, Math.max(0, this.#clock.nowMs() - createdMs))
  }

  /** @param outcome the kind of the answer, by the connector, or how a call without an answer ended */
  called(platform: string, outcome: string, events: number, latencyMs: number): void {
    this.#metrics.conversionCalls.observe({ platform, outcome }, latencyMs / 1_000)
    this.#metrics.conversionBatches.observe({ platform }, events)
  }

  waiting(byPlatform: ReadonlyMap<string, WaitingDeliveries>): void {
    this.#waiting = byPlatform
  }

  connections(counts: readonly ConnectionCount[]): void {
    for (const platform of CONVERSION_LABELS)
      for (const status of STATUSES) {
        const rows = counts.find((one) => one.platform === platform && one.status === status)?.rows ?? 0
        this.#metrics.conversionConnections.set({ platform, status }, rows)
      }
  }

  /** @param lanes returns the connections that this process sends to */
  watch(lanes: () => Iterable<LaneHealth>): void {
    this.#lanes = lanes
  }

  #collect(): void {
    const lanes = [...this.#lanes()]
    const { conversionsWaiting, conversionsOldest, conversionBreakers } = this.#metrics
    for (const platform of CONVERSION_LABELS) {
      const { rows, sinceMs } = this.#waiting.get(platform) ?? { rows: 0, sinceMs: undefined }
      conversionsWaiting.set({ platform }, rows)
      const ageMs = sinceMs === undefined ? 0 : this.#clock.nowMs() - sinceMs
      conversionsOldest.set({ platform }, Math.max(0, ageMs) / 1_000)
      const own = lanes.filter((lane) => lane.platform === platform)
      for (const state of BREAKER_STATES)
        conversionBreakers.set(
          { platform, state },
          own.filter(({ breaker }) => breaker.state.is === state).length,
        )
    }
  }
}
