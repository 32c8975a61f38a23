/**
 * Why nobody was signed in. The page has a text for each; the log has the detail.
 * - `refused`: the provider, or the person there, has said no.
 * - `expired`: it took longer than ten minutes, was begun in another browser, or was done before.
 * - `no_groups`: none of the person's groups may do anything here.
 * - `several_organisations`: the groups are of more than one organisation.
 * - `provider_away`: the provider does not answer, or cannot now.
 * - `not_configured_there`: the provider refuses this service: its client, its secret or its address.
 * - `invalid_answer`: what the provider says cannot be believed.
 * - `too_many`: too many sign-ins came from the address.
 */
export const SIGN_IN_FAILURES = [
  'refused',
  'expired',
  'no_groups',
  'several_organisations',
  'provider_away',
  'not_configured_there',
  'invalid_answer',
  'too_many',
] as const
export type SignInFailure = (typeof SIGN_IN_FAILURES)[number]

export class SignInError extends Error {
  override readonly name = 'SignInError'
  readonly why: SignInFailure

  constructor(why: SignInFailure, detail: string) {
    super(detail)
    this.why = why
  }
}
