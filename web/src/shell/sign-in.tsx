import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client.ts'
import { forgetSession, sessionQuery, waysQuery } from '../api/session.ts'
import icon from '../icon.svg'
import { ExplainedBox, ProblemBox } from '../ui/problem-box.tsx'
import { failed } from '../ui/toasts.tsx'
import { failureIn, pageToComeBackTo } from './sign-in-failures.ts'

/** The ways in: at a provider of OpenID Connect where there is one, and with an API key. */
export function SignIn() {
  const { oidc } = useQuery(waysQuery).data ?? {}
  const failure = failureIn(window.location.search)
  return (
    <main className="sign-in">
      <div className="card">
        <header>
          <img src={icon} alt="" />
          <h1>Sign in to Bidwarden</h1>
        </header>
        {failure && (
          <div className="body">
            <ExplainedBox explained={failure} />
          </div>
        )}
        {oidc && (
          <div className="body stack provider">
            <a className="button main" href={addressOf(failure !== undefined)}>
              Sign in with {oidc.host}
            </a>
          </div>
        )}
        <KeyForm isMain={!oidc} />
      </div>
    </main>
  )
}

/** @param asksAnew whether somebody is signed in at the provider whom it does not help to send again */
function addressOf(asksAnew: boolean): string {
  const page = pageToComeBackTo(window.location)
  return `/v1/session/oidc?${new URLSearchParams({ page, ...(asksAnew && { anew: '1' }) })}`
}

/** Asks for an API key, which becomes a session; the page keeps nothing of it. */
function KeyForm({ isMain }: { isMain: boolean }) {
  const queries = useQueryClient()
  const [key, setKey] = useState('')
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => dataOf(api.POST('/v1/session', { body: { key: key.trim() } })),
    onSuccess: (session) => queries.setQueryData(sessionQuery.queryKey, session),
    onSettled: () => setKey(''),
  })
  return (
    <form
      className="body stack"
      onSubmit={(event) => {
        event.preventDefault()
        mutate()
      }}
    >
      <label className="field">
        <span>API key</span>
        <input
          type="password"
          autoComplete="current-password"
          required
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
      </label>
      {error && <ProblemBox problem={error} />}
      <button type="submit" className={isMain ? 'button main' : 'button'} disabled={isPending}>
        {isMain ? 'Sign in' : 'Sign in with the key'}
      </button>
      <p className="side-note">
        The session has the rights of the key. <code>npm run -s key -- NAME read+operate</code> makes one.
      </p>
    </form>
  )
}

/** Ends the session, and forgets all that it has shown. */
export function SignOut({ name }: { name: string }) {
  const queries = useQueryClient()
  const { mutate, isPending } = useMutation({
    mutationFn: () => dataOf(api.DELETE('/v1/session')),
    onSuccess: () => forgetSession(queries),
    onError: (error) => failed('You are still signed in', error),
  })
  return (
    <button type="button" className="button quiet" disabled={isPending} onClick={() => mutate()}>
      Sign out <span className="wide">{name}</span>
    </button>
  )
}
