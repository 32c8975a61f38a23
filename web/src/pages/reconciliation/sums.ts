import type { Reason, SpendLine } from '../../api/reconciliation.ts'
import { REASONS } from './reasons.ts'

/** Sums of lines, in units. Lines without a figure of the platform are in neither side, so that both can be compared. */
export interface Sum {
  readonly reported: number
  readonly own: number
  readonly lines: number
  /** Lines whose reported figure is missing. */
  readonly missing: number
}

/** Sums are of millionths, so that no digit of theirs is made up by adding. */
const micros = (units: number): number => Math.round(units * 1e6)

export function sumOf(lines: readonly SpendLine[]): Sum {
  let [reported, own, missing] = [0, 0, 0]
  for (const line of lines) {
    if (line.reported === null) missing += 1
    else {
      reported += micros(line.reported)
      own += micros(line.own)
    }
  }
  return { reported: reported / 1e6, own: own / 1e6, lines: lines.length, missing }
}

/** The lines of each reason that there is, in the order of {@link REASONS}. */
export function byReason(lines: readonly SpendLine[]): readonly (readonly [Reason, Sum])[] {
  const groups = Map.groupBy(lines, ({ reason }) => reason)
  return (Object.keys(REASONS) as Reason[]).flatMap((reason) => {
    const those = groups.get(reason)
    return those === undefined ? [] : [[reason, sumOf(those)] as const]
  })
}

/** Both sides of our own campaigns, by day; null where nothing is reported of a day. */
export function byDay(lines: readonly SpendLine[]) {
  const groups = Map.groupBy(lines, ({ date }) => date)
  const days = [...groups.keys()].sort()
  const of = (day: string) => groups.get(day) ?? []
  const isKnown = (day: string) => of(day).some(({ reported }) => reported !== null)
  return {
    days,
    reported: days.map((day) => (isKnown(day) ? sumOf(of(day)).reported : null)),
    own: days.map((day) => of(day).reduce((sum, line) => sum + micros(line.own), 0) / 1e6),
  }
}
