import type { NoticeQuery } from './notice.ts'
import type { NoticeKind, NoticeToken, NoticeTokens } from './notice-token.ts'

/** A genuine notice, with the text of its token, so that it can be passed on. */
export interface Notice {
  readonly kind: NoticeKind
  readonly text: string
  readonly token: NoticeToken
  readonly query: NoticeQuery
}

/** A notice as a letter to the owner of its bid. */
export const writeLetter = ({ kind, text, query: { price, currency, loss } }: Notice): string =>
  JSON.stringify([kind, text, price ?? null, currency ?? null, loss ?? null])

/**
 * The notice in a letter; undefined for what no process of ours can have written. Its token is verified again: whoever can
 * write to the store is not thereby one who can bill.
 */
export function readLetter(tokens: NoticeTokens, letter: string): Notice | undefined {
  const fields = parse(letter)
  if (!Array.isArray(fields)) return undefined
  const [kind, text, price, currency, loss] = fields.map((field: unknown) =>
    typeof field === 'string' ? field : undefined,
  )
  if (text === undefined || !isKind(kind)) return undefined
  const verified = tokens.verify(kind, text)
  if (verified.is !== 'genuine') return undefined
  return { kind, text, token: verified.token, query: { price, currency, loss } }
}

const isKind = (text: string | undefined): text is NoticeKind =>
  text === 'win' || text === 'billing' || text === 'loss'

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
