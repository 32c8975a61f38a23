import { z } from '@hono/zod-openapi'
import { isDeeperThan, parseJson } from '../../json/json.ts'

/**
 * The caller's reason for a bid: a text, or JSON (an object or array, such as the feature attributions of a model).
 * JSON is kept as text, because parsed objects would take many times the memory.
 */
export type Explanation = string | { readonly json: string }

/** Longest explanation, in bytes of UTF-8, whether text or JSON. */
const MAX_EXPLANATION_BYTES = 8 * 1024
/**
 * Deepest nesting of objects and arrays in an explanation. Together with the record around it, this stays within what
 * can be parsed again.
 */
const MAX_EXPLANATION_DEPTH = 32
/**
 * Longest text explanation shown in lists, in characters: longer ones would make a list of a thousand bids slow to
 * write.
 */
const LISTED_CHARS = 2_000

/** Reads the explanation of a request; undefined when it has the wrong type or is too long or too deep. */
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

/** The explanation as the caller sent it. */
export const shownExplanation = (
  explanation: Explanation | undefined,
): z.output<typeof ShownExplanation> | undefined =>
  typeof explanation === 'object' ? parseJson(explanation.json) : explanation

/** The explanation as lists show it: undefined for JSON and for long texts. */
export const listedExplanation = (explanation: Explanation | undefined): Explanation | undefined =>
  typeof explanation === 'string' && explanation.length <= LISTED_CHARS ? explanation : undefined
