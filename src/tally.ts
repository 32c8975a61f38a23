import { Counter, type Registry } from 'prom-client'

/** One series of a {@link Tally}: whoever counts often keeps it and adds to it. */
export interface Cell {
  count: number
}

/** So much was added to the series of these labels. */
export interface TallyNews<L extends string> {
  readonly labels: Record<L, string>
  readonly count: number
}

interface Series<L extends string> {
  readonly labels: Record<L, string>
  readonly cell: Cell
  /** How much of the count {@link Tally.news} has told. */
  told: number
}

/**
 * A Prometheus counter that costs an addition: its series are plain numbers, handed to the registry only when somebody
 * scrapes. prom-client's own counters sort and hash their labels at each increment.
 */
export class Tally<L extends string> {
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

  /** The series of these labels; it is there, at 0, from the first time it is asked for. */
  cell(labels: Record<L, string>): Cell {
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

  /** What was counted since this was asked last, so that another process may add it to its own. */
  news(): TallyNews<L>[] {
    const news: TallyNews<L>[] = []
    for (const one of this.#series.values()) {
      const { labels, cell } = one
      if (cell.count > one.told) news.push({ labels, count: cell.count - one.told })
      one.told = cell.count
    }
    return news
  }

  addNews(news: readonly TallyNews<L>[]): void {
    for (const { labels, count } of news) this.cell(labels).count += count
  }
}
