import { dataOf, type operations } from '@bidwarden/client'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { platformName } from '../../ui/platform-name.ts'
import { type BegunLogin, begunLogin, endLogin } from './login.ts'

type Connected = operations['postConnectorsOauthCallback']['responses'][200]['content']['application/json']

/** Where the browser comes back to from the login at a platform: hands the code over, and says what came of it. */
export function LoginEnd() {
  const [back] = useState(() => new URLSearchParams(window.location.search))
  const [begun] = useState(() => begunLogin(back.get('state')))
  const [code, refusal] = [back.get('code'), back.get('error_description') ?? back.get('error')]
  return (
    <>
      <div className="page-head">
        <h1>Login{begun && ` at ${platformName(begun.type)}`}</h1>
      </div>
      <section className="card" aria-label="What came of the login">
        {begun === undefined ? (
          <Empty title="This login was not begun here, or another was begun since">
            Begin it again on <Link href="/console/integrations">Integrations</Link>; this one has connected
            nothing.
          </Empty>
        ) : code === null ? (
          <Empty
            title={`${platformName(begun.type)} has not let us in${refusal === null ? '' : `: ${refusal}`}`}
          >
            Nothing is connected. Log in again on <Link href="/console/integrations">Integrations</Link>, and
            allow what is asked.
          </Empty>
        ) : (
          <HandOver begun={begun} code={code} />
        )}
      </section>
    </>
  )
}

function HandOver({ begun, code }: { begun: BegunLogin; code: string }) {
  const { state, accountId } = begun
  // A query and no mutation, because a code can be used once: however often this is rendered, it is sent once.
  const query = useQuery({
    queryKey: ['login', state],
    queryFn: () =>
      dataOf(
        api.POST('/api/v1/connectors/oauth/callback', {
          body: { code, state, ...(accountId !== undefined && { account_id: accountId }) },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    retryOnMount: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const { isSuccess } = query
  useEffect(() => {
    if (!isSuccess) return
    endLogin(begun)
    // Where the browser does not let a page close itself, it says what to do.
    window.close()
  }, [isSuccess, begun])
  return (
    <Answer query={query}>
      {(connected) => <Done connected={connected} name={platformName(begun.type)} />}
    </Answer>
  )
}

function Done({ connected: { connector_id, accounts }, name }: { connected: Connected; name: string }) {
  return (
    <Empty title={`${name} is connected`}>
      {accounts.length > 1 &&
        `The login reaches ${accounts.length} accounts; another can be chosen on its page. `}
      This window can be closed, or go on to{' '}
      <Link href={`/console/integrations/${connector_id}`}>the connection</Link>.
    </Empty>
  )
}
