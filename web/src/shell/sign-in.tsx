import { dataOf } from '@bidwarden/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client.ts'
import { forgetSession, sessionQuery } from '../api/session.ts'
import icon from '../icon.svg'
import { ProblemBox } from '../ui/problem-box.tsx'
import { failed } from '../ui/toasts.tsx'

/** Asks for an API key, which becomes a session; the page keeps nothing of it. */
export function SignIn() {
  const queries = useQueryClient()
  const [key, setKey] = useState('')
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => dataOf(api.POST('/v1/session', { body: { key: key.trim() } })),
    onSuccess: (session) => queries.setQueryData(sessionQuery.queryKey, session),
    onSettled: () => setKey(''),
  })
  return (
    <main className="sign-in">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault()
          mutate()
        }}
      >
        <header>
          <img src={icon} alt="" />
          <h1>Sign in to Bidwarden</h1>
        </header>
        <div className="body stack">
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
          <button type="submit" className="button main" disabled={isPending}>
            Sign in
          </button>
          <p className="side-note">
            The session has the rights of the key. <code>npm run -s key -- NAME read+operate</code> makes one.
          </p>
        </div>
      </form>
    </main>
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
