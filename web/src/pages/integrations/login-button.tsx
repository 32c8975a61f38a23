import { ProblemError } from '@bidwarden/client'
import type { ReactNode } from 'react'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { callbackUrl, useLogin, type WantedLogin } from './login.ts'

/** Shows the login at a platform in a window of its own. */
export function LoginButton({ login, children }: { login: WantedLogin; children: ReactNode }) {
  const { mutate, isPending, error, data } = useLogin()
  return (
    <div className="stack">
      <div className="row">
        <button type="button" className="button main" disabled={isPending} onClick={() => mutate(login)}>
          {children}
        </button>
        {typeof data === 'string' && (
          <p role="status">
            The browser has blocked the window. <a href={data}>Log in here instead</a>.
          </p>
        )}
      </div>
      {error && <ProblemBox problem={error} />}
      {error instanceof ProblemError && error.field === 'callback_url' && (
        <p>
          The operator has to list <code>{callbackUrl()}</code> in <code>OAUTH_CALLBACK_URLS</code>, and at
          the platform as an address to come back to.
        </p>
      )}
    </div>
  )
}
