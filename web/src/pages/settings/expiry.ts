const DAY_MS = 86_400_000

/** When a key is to expire, as it is chosen in a form. */
export interface ExpiryDraft {
  readonly choice: 'never' | '30' | '90' | '365' | 'day'
  /** As `<input type="datetime-local">` has it, in the viewer's zone; counts where the choice is `day`. */
  readonly at: string
}

export const EXPIRY_CHOICES: readonly (readonly [ExpiryDraft['choice'], string])[] = [
  ['30', 'in 30 days'],
  ['90', 'in 90 days'],
  ['365', 'in a year'],
  ['day', 'at a time'],
  ['never', 'never'],
]

/** The draft of what a key has now. */
export function draftOf(expiresAt: string | undefined): ExpiryDraft {
  if (expiresAt === undefined) return { choice: 'never', at: '' }
  const local = new Date(expiresAt)
  local.setMinutes(local.getMinutes() - local.getTimezoneOffset())
  return { choice: 'day', at: local.toISOString().slice(0, 16) }
}

/** The time that a draft means, in ISO 8601; null for never, undefined where it means none yet. */
export function timeOf({ choice, at }: ExpiryDraft): string | null | undefined {
  if (choice === 'never') return null
  if (choice === 'day') {
    const timeMs = Date.parse(at)
    return Number.isNaN(timeMs) ? undefined : new Date(timeMs).toISOString()
  }
  return new Date(Date.now() + Number(choice) * DAY_MS).toISOString()
}
