import type { Explained } from '../api/problem.ts'

/** Why a sign-in at the provider has come to nothing, by the word with which the service sends the browser back. */
const FAILURES: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  refused: [
    'The provider has not let you in',
    'Sign in there with another account, or ask whoever manages it.',
  ],
  expired: [
    'This sign-in was not begun here, or took longer than ten minutes',
    'Begin again; keep to one window until it is done.',
  ],
  no_groups: [
    'None of your groups may do anything here',
    'Ask the operator to name one of your groups in OIDC_GROUPS, then sign in again.',
  ],
  several_organisations: [
    'Your groups are of several organisations',
    'A session is of one of them: ask the operator to leave you in the groups of one.',
  ],
  provider_away: [
    'The provider does not answer',
    'Try again in a minute. Who has an API key can sign in with that meanwhile.',
  ],
  not_configured_there: [
    'The provider does not know this service',
    'The operator compares OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and the address that the provider sends browsers back to; the log says more.',
  ],
  invalid_answer: [
    'What the provider says cannot be believed',
    'Tell the operator; the log of the service says what does not fit.',
  ],
  too_many: ['Too many sign-ins came from your address', 'Wait a minute, then try again.'],
}
/** Name of the part of the address that says it. */
const NAME = 'sign_in'

/** What the address says of a sign-in that has failed; undefined where none has. */
export function failureIn(search: string): Explained | undefined {
  const why = new URLSearchParams(search).get(NAME)
  if (why === null) return undefined
  const [what, advice] = FAILURES[why] ?? [
    'Nobody was signed in',
    'Begin again; the log of the service says more.',
  ]
  return { what, advice, retryAfterMs: undefined }
}

/** Where the browser comes back to after a sign-in: the page that it is at, without an earlier failure. */
export function pageToComeBackTo({ pathname, search }: Pick<Location, 'pathname' | 'search'>): string {
  const kept = new URLSearchParams(search)
  kept.delete(NAME)
  return kept.size === 0 ? pathname : `${pathname}?${kept}`
}
