import { Counter, type Registry } from 'prom-client'

/** One series of a {@link FastCounter}. Code that counts often keeps a reference to it. */
export interface CounterCell {
  count: number
}

/** A count of the series with these labels, or how much was added to it. */
export interface FastCounterUpdate<L extends string> {
  readonly labels: Record<L, string>
  readonly count: number
}

interface Series<L extends string> {
  readonly labels: Record<L, string>
  readonly cell: CounterCell
  /** The count that {@link FastCounter.takeUpdates} has reported so far. */
  told: number
}

/**
 * A Prometheus counter whose increment is one addition: its series are plain numbers, handed to the registry at each
 * scrape. prom-client's own counters sort and hash their labels at each increment.
 */
export class FastCounter<L extends string> {
  readonly #series = new Map<string, Series<L>>()
  readonly #labelNames: readonly L[]

  constructor(registry: Registry, name: string, help: string, labelNames: L[]) {
    this.#labelNames = labelNames
    const series = this.#series
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset()
        for (const { labels, cell } of series.values()) this.inc(labels, cell.count)
      },
    })
  }

  /** The series with these labels; created with 0 at the first call. */
  cell(labels: Record<L, string>): CounterCell {
    let key = ''
    for (const name of this.#labelNames) key += `${labels[name]}\n`
    const known = this.#series.get(key)
    if (known) return known.cell
    const cell = { count: 0 }
    this.#series.set(key, { labels: { ...labels }, cell, told: 0 })
    return cell
  }

  add(labels: Record<L, string>): void {
    this.cell(labels).count += 1
  }

  /** Every series with its count. */
  get all(): FastCounterUpdate<L>[] {
    return [...this.#series.values()].map(({ labels, cell: { count } }) => ({ labels, count }))
  }

  /** The increases since the previous call, for another process to add to its own. */
  takeUpdates(): FastCounterUpdate<L>[] {
    const updates: FastCounterUpdate<L>[] = []
    for (const one of this.#series.values()) {
      const { labels, cell } = one
      if (cell.count > one.told) updates.push({ labels, count: cell.count - one.told })
      one.told = cell.count
    }
    return updates
  }

  addUpdates(updates: readonly FastCounterUpdate<L>[]): void {
    for (const { labels, count } of updates) this.cell(labels).count += count
  }
}
