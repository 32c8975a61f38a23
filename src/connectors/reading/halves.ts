import { z } from 'zod'
import type { Caveats } from '../platform/caveats.ts'
import type { DateRange, ReportResult } from '../platform/connector.ts'
import type { Json } from '../platform/rows.ts'
import { type Step, type Talk, TalkRefused } from '../platform/steps.ts'
import { daysOf, halvesOf } from './dates.ts'

type TalkOf = (range: DateRange | undefined, resume: Json | undefined) => Talk<ReportResult>

/** Dates left to read, and what the conversation about the first of them remembered. */
const Resume = z.strictObject({
  left: z.array(z.strictObject({ start: z.string(), end: z.string() })).min(1),
  begun: z.json().optional(),
})

/**
 * Reads a report. If the platform brings more than one answer may contain, reads it in halves of its dates, down to a
 * day. The rows of a half are stored before the next half begins.
 * @param talkOf starts the conversation about some dates, given what it remembered
 * @param gathered caveats of the conversations; those of one that brought too much are dropped and found again
 */
export function* inHalves(
  talkOf: TalkOf,
  range: DateRange | undefined,
  resume: Json | undefined,
  gathered: Caveats,
): Talk<ReportResult> {
  const halved = Resume.safeParse(resume).data
  if (!range) {
    const came = yield* followed(talkOf(undefined, resume), (step) => step)
    if ('tooMuch' in came) throw new TalkRefused(came.tooMuch)
    return came
  }
  const days = daysOf(range)
  let left: readonly DateRange[] = halved?.left ?? [range]
  let begun = halved ? halved.begun : resume
  let isWhole = halved === undefined
  const caveats = new Set<string>()
  for (;;) {
    const [piece = range, ...rest] = left
    const done = days - left.reduce((sum, one) => sum + daysOf(one), 0)
    const before = gathered.state
    const state = { left: left.map(({ start, end }) => ({ start, end })) }
    const came: Came = yield* followed(talkOf(piece, begun), (step) => {
      if (isWhole) return step
      if (step.is === 'remember') return { ...step, state: { ...state, begun: step.state } }
      if (step.is === 'progress') return { ...step, share: (done + daysOf(piece) * step.share) / days }
      return step
    })
    if ('tooMuch' in came) {
      if (piece.start === piece.end)
        throw new TalkRefused(`not even ${piece.start} alone can be read: ${came.tooMuch}`)
      gathered.state = before
      left = [...halvesOf(piece), ...rest]
    } else {
      for (const caveat of came.caveats) caveats.add(caveat)
      if (rest.length === 0) return { ...came, caveats: [...caveats] }
      left = rest
    }
    isWhole = false
    begun = undefined
    yield { is: 'remember', state: { left: left.map(({ start, end }) => ({ start, end })) } }
  }
}

type Came = ReportResult | { readonly tooMuch: string }

/**
 * Runs a conversation until it ends or brings too much.
 * @param change turns each step into the one that is yielded
 */
function* followed(talk: Talk<ReportResult>, change: (step: Step) => Step): Talk<Came> {
  let turn = talk.next()
  while (!turn.done) {
    const reply = yield change(turn.value)
    if (reply?.is === 'too_much') return { tooMuch: reply.detail }
    turn = talk.next(reply)
  }
  return turn.value
}
