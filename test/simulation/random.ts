import { seededRandom } from '../support/seeded-random.ts'

/** Numbers that depend on a seed alone. */
export class Random {
  /** From 0 up to, and without, 1. */
  readonly next: () => number

  constructor(seed: number) {
    this.next = seededRandom(seed)
    for (let i = 0; i < 4; i++) this.next()
  }

  /** A whole number, both ends included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** Between the two, most often near the lower: what takes long is rare. */
  mostlySmall(min: number, max: number): number {
    return Math.round(min + (max - min) * this.next() ** 3)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.next() * list.length)]
    if (one === undefined) throw new Error('nothing to pick from')
    return one
  }

  /** By weight; a weight of 0 is never taken. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries<number>(weights) as [T, number][]
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [one, weight] of entries) {
      left -= weight
      if (left < 0) return one
    }
    throw new Error('no weights')
  }

  /** A stream of its own, so that more draws here do not move those there. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 4_294_967_296))
  }
}
