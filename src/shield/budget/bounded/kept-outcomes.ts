import { z } from 'zod'
import type { Distrust } from './late-bill-reserve.ts'
import { AGES, forgottenAfterMs, type KeptCounts } from './outcomes.ts'

/** How the bids of one price class and time to live ended, as a restart finds it. */
export interface KeptClass extends KeptCounts {
  readonly ttlMs: number
  readonly priceClass: number
  /** When this was so: wall-clock ms since the epoch. */
  readonly atMs: number
}

/** How the bids of one scope ended. */
export interface KeptOutcomes {
  readonly scope: string
  /** The currency in whose micros the price classes are. */
  readonly currency: string
  readonly classes: readonly KeptClass[]
  /** Set when bills were late too often: until when (wall-clock ms) the scope is strict for that, and how often it was. */
  readonly distrust?: Distrust | undefined
}

/** Text of another version is ignored: its counts may mean something else. */
const FORMAT = { version: 2, ages: AGES } as const
/** The most price classes that are written: those with the most bids. One takes up to 3 kB. */
const MOST_CLASSES = 200

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const Generation = z
  .strictObject({ reached: z.array(whole).length(AGES + 1), billed: z.array(whole).length(AGES + 1) })
  .refine(({ reached, billed }) => {
    let later = 0
    return reached.every((_, i) => {
      const age = AGES - i
      later += billed[age] ?? 0
      return later <= (reached[age] ?? 0)
    })
  })
const Kept = z.strictObject({
  version: z.literal(FORMAT.version),
  ages: z.literal(FORMAT.ages),
  scopes: z.array(
    z.strictObject({
      scope: z.string(),
      currency: z.string(),
      distrust: z.strictObject({ untilMs: z.number(), times: whole }).optional(),
      classes: z.array(
        z.strictObject({
          ttlMs: z.number().positive(),
          priceClass: z.number().int().min(0).max(32),
          atMs: z.number(),
          slots: whole,
          young: Generation,
          old: Generation,
        }),
      ),
    }),
  ),
})

/** @param nowMs wall-clock ms; what would be forgotten by now, as of campaigns that are gone, is left out */
export function writeOutcomes(scopes: readonly KeptOutcomes[], nowMs: number): string {
  const bidsOf = ({ young, old }: KeptClass) => (young.reached[0] ?? 0) + (old.reached[0] ?? 0)
  const most = scopes
    .flatMap(({ classes }) => classes)
    .filter(({ atMs, ttlMs }) => nowMs - atMs < forgottenAfterMs(ttlMs))
    .sort((a, b) => bidsOf(b) - bidsOf(a))
    .slice(0, MOST_CLASSES)
  const kept = new Set(most)
  const left = scopes.map((one) => ({ ...one, classes: one.classes.filter((each) => kept.has(each)) }))
  return JSON.stringify({
    ...FORMAT,
    scopes: left.filter(
      ({ classes, distrust }) => classes.length > 0 || (distrust && distrust.untilMs > nowMs),
    ),
  })
}

/** @returns undefined if the text is not from {@link writeOutcomes}, or is of another version */
export function readOutcomes(text: string): readonly KeptOutcomes[] | undefined {
  try {
    return Kept.safeParse(JSON.parse(text)).data?.scopes
  } catch {
    return undefined
  }
}
