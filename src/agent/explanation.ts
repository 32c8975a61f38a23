import { z } from '@hono/zod-openapi'
import { isDeeperThan, parseJson } from '../json.ts'

/**
 * Why a caller bids: a text, or the JSON of an object or array, such as the attributions of a model's features. JSON is kept as its
 * text: as objects the latest decisions would take many times the memory.
 */
export type Explanation = string | { readonly json: string }

/** In UTF-8, of the text or the JSON. */
const MAX_EXPLANATION_BYTES = 8 * 1024
/** Levels of objects and arrays; with the record around it, it is still JSON that can be read again. */
const MAX_EXPLANATION_DEPTH = 32
/** Characters of a text that is shown in lists too, which would be slow to write with all of a thousand explanations. */
const LISTED_CHARS = 2_000

/** Undefined for what is no explanation, too long or too deep. */
export function readExplanation(value: unknown): Explanation | undefined {
  if (typeof value === 'string') return isShort(value) ? value : undefined
  if (value === null || typeof value !== 'object') return undefined
  const json = JSON.stringify(value)
  return isShort(json) && !isDeeperThan(json, MAX_EXPLANATION_DEPTH) ? { json } : undefined
}

const isShort = (text: string): boolean => Buffer.byteLength(text) <= MAX_EXPLANATION_BYTES

const WRONG = `must be a text, or a JSON object or array, of at most ${MAX_EXPLANATION_BYTES} bytes and ${MAX_EXPLANATION_DEPTH} levels`
const ANYTHING = z.union([z.string(), z.array(z.unknown()), z.looseObject({})])

export const ExplanationField = z
  .unknown()
  .transform((value, ctx): Explanation => {
    const read = readExplanation(value)
    if (read !== undefined) return read
    ctx.addIssue({ code: 'custom', message: WRONG })
    return z.NEVER
  })
  .openapi({
    anyOf: [{ type: 'string' }, { type: 'object' }, { type: 'array', items: {} }],
    description:
      'Why the caller bids: a text, or any JSON object or array, of at most 8 KiB and 32 levels. Kept with the decision; platforms do not get it.',
    example: { featureAttributions: { recency: 0.42, orders: [3, 1] } },
  })

export const ShownExplanation = ANYTHING.openapi({
  description:
    'What the caller sent as `explanation`. Lists have it only where it is a text of at most 2,000 characters.',
})

/** As it was sent. */
export const shownExplanation = (
  explanation: Explanation | undefined,
): z.output<typeof ShownExplanation> | undefined =>
  typeof explanation === 'object' ? parseJson(explanation.json) : explanation

/** What lists show of it. */
export const listedExplanation = (explanation: Explanation | undefined): Explanation | undefined =>
  typeof explanation === 'string' && explanation.length <= LISTED_CHARS ? explanation : undefined
