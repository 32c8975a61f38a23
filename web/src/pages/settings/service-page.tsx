import { type components, dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import { troublesQuery } from '../../api/queries.ts'
import { type Session, sessionQuery, useMay } from '../../api/session.ts'
import { storeQuery, versionQuery } from '../../api/settings.ts'
import { Answer } from '../../ui/answer.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { count, duration } from '../../ui/format.ts'
import { Time } from '../../ui/time.tsx'
import { failed, told } from '../../ui/toasts.tsx'

type Store = components['schemas']['Store']

/** What runs here, where it keeps money, and who looks at it. */
export function ServicePage() {
  const { isOperator } = useMay()
  return (
    <div className="settings-grid">
      <Running />
      {isOperator && <StoreCard />}
      <You />
    </div>
  )
}

function Running() {
  const version = useQuery(versionQuery)
  const troubles = useQuery(troublesQuery).data
  return (
    <section className="card" aria-labelledby="running">
      <header>
        <h2 id="running">What runs</h2>
        {troubles !== undefined && (
          <span className={troubles.length === 0 ? 'chip ok' : 'chip danger'}>
            {troubles.length === 0 ? 'every part works' : `${count(troubles.length)} do not work`}
          </span>
        )}
      </header>
      <Answer query={version}>
        {({ version: name, commit, node, mode, uptimeSeconds }) => (
          <dl className="facts body">
            <dt>Bidwarden</dt>
            <dd>{name}</dd>
            <dt>Commit</dt>
            <dd>
              {commit === null ? (
                'not known: the code did not come by git'
              ) : (
                <code>{commit.slice(0, 12)}</code>
              )}
            </dd>
            <dt>Node</dt>
            <dd>{node}</dd>
            <dt>Mode</dt>
            <dd>{mode === 'mock' ? 'mock: a sandbox plays the platforms' : 'live: real money'}</dd>
            <dt>Runs for</dt>
            <dd>{duration(uptimeSeconds * 1_000)}</dd>
            {troubles?.map((line) => (
              <Trouble key={line} line={line} />
            ))}
          </dl>
        )}
      </Answer>
    </section>
  )
}

function Trouble({ line }: { line: string }) {
  return (
    <>
      <dt>Does not work</dt>
      <dd>{line}</dd>
    </>
  )
}

const KINDS: Readonly<Record<Store['kind'], string>> = {
  memory: 'memory of this process: a restart forgets what was spent',
  sqlite: 'SQLite, in DATA_DIR of this machine',
  redis: 'Redis, shared by all processes',
}

function StoreCard() {
  const query = useQuery(storeQuery)
  const { may } = useMay()
  return (
    <section className="card" aria-labelledby="store">
      <header>
        <h2 id="store">Store of budgets</h2>
        {query.data && <StoreChip store={query.data} />}
      </header>
      <Answer query={query}>
        {(store) => (
          <div className="body stack">
            <dl className="facts">
              <dt>Kept in</dt>
              <dd>{KINDS[store.kind]}</dd>
              {store.detail !== undefined && (
                <>
                  <dt>Why not</dt>
                  <dd>{store.detail}</dd>
                </>
              )}
            </dl>
            {store.refusing.length > 0 && <Refusing store={store} mayTrust={may('operate')} />}
          </div>
        )}
      </Answer>
    </section>
  )
}

function StoreChip({ store: { reachable, refusing } }: { store: Store }) {
  if (!reachable) return <span className="chip danger">cannot be reached</span>
  if (refusing.length > 0)
    return <span className="chip danger">grants nothing for {count(refusing.length)}</span>
  return <span className="chip ok">grants money</span>
}

/** Most refused budgets that are named. */
const MOST_NAMED = 20

function Refusing({ store: { refusing }, mayTrust }: { store: Store; mayTrust: boolean }) {
  const { mutate, isPending } = useTrust()
  return (
    <>
      <p>It grants nothing for these, since it may have lost what was spent:</p>
      <ul className="refusing">
        {refusing.slice(0, MOST_NAMED).map(({ scope, why }) => (
          <li key={scope}>
            <strong>{scope}</strong> <span className="soft">{why}</span>
          </li>
        ))}
      </ul>
      {refusing.length > MOST_NAMED && <p className="soft">and {count(refusing.length - MOST_NAMED)} more</p>}
      {mayTrust && (
        <div>
          <Confirm
            trigger={
              <button type="button" className="button" disabled={isPending}>
                Vouch for it …
              </button>
            }
            title="Was nothing spent that the store does not know of?"
            action="I have compared it"
            onConfirm={(reason) => mutate(reason)}
          >
            <p>
              Compare what is shown as spent with what the platforms report first. Limits are exceeded by
              whatever it has lost.
            </p>
          </Confirm>
        </div>
      )}
    </>
  )
}

function You() {
  const session = useQuery(sessionQuery).data
  if (!session) return null
  return (
    <section className="card" aria-labelledby="you">
      <header>
        <h2 id="you">You</h2>
        <span className="chip">{session.signedIn ? 'signed in' : 'no key needed here'}</span>
      </header>
      <YourRights session={session} />
    </section>
  )
}

function YourRights({
  session: { name, organisation, isOperator, scopes, expiresAt },
}: {
  session: Session
}) {
  return (
    <dl className="facts body">
      <dt>Key</dt>
      <dd>{name}</dd>
      <dt>Organisation</dt>
      <dd>
        {organisation}
        {isOperator && <span className="soft"> (the operator’s)</span>}
      </dd>
      <dt>May</dt>
      <dd>{scopes.join(', ')}</dd>
      {expiresAt !== null && (
        <>
          <dt>Signed in until</dt>
          <dd>
            <Time at={expiresAt} />
            <span className="soft"> at the latest</span>
          </dd>
        </>
      )}
    </dl>
  )
}

function useTrust() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (reason: string | undefined) =>
      dataOf(api.POST('/v1/store/trust', { body: reason === undefined ? {} : { reason } })),
    onSuccess(now) {
      queries.setQueryData(storeQuery.queryKey, now)
      told('The store grants money again')
    },
    onError: (error) => failed('The store goes on granting nothing', error),
    onSettled: () => queries.invalidateQueries({ queryKey: ['audit'] }),
  })
}
