import type { NoticeKind, NoticeToken, NoticeTokens } from './notice-token.ts'
import type { NoticeQuery } from './settle-notice.ts'

/** A verified notice, with its notice token as text so that it can be passed on. */
export interface Notice {
  readonly kind: NoticeKind
  readonly text: string
  readonly token: NoticeToken
  readonly query: NoticeQuery
}

/** Writes a notice as a message to the owner of its bid. */
export const writeMessage = ({ kind, text, query: { price, currency, loss, lowest } }: Notice): string =>
  JSON.stringify([kind, text, price ?? null, currency ?? null, loss ?? null, lowest ?? null])

/**
 * Reads an owner's message; undefined for a text that no process of ours can have written. The token is verified again,
 * so that write access to the store is not enough to bill.
 */
export function readMessage(tokens: NoticeTokens, message: string): Notice | undefined {
  const fields = parse(message)
  if (!Array.isArray(fields)) return undefined
  const [kind, text, price, currency, loss, lowest] = fields.map((field: unknown) =>
    typeof field === 'string' ? field : undefined,
  )
  if (text === undefined || !isKind(kind)) return undefined
  const verified = tokens.verify(kind, text)
  if (verified.is !== 'genuine') return undefined
  return { kind, text, token: verified.token, query: { price, currency, loss, lowest } }
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
