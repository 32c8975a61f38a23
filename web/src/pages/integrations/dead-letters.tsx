import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { connectionsQuery, deadLettersQuery } from '../../api/connections.ts'
import { accountName } from '../../ui/account-name.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { platformName } from '../../ui/platform-name.ts'
import { useSyncNow } from '../../ui/sync-now.tsx'
import { Time } from '../../ui/time.tsx'

/** Synchronisations that were given up after all their retries. */
export function DeadLetters() {
  const query = useQuery(deadLettersQuery)
  const connections = useQuery(connectionsQuery).data?.connectors ?? []
  const { mutate, isPending } = useSyncNow()
  return (
    <section className="card" aria-labelledby="dead-letters">
      <header>
        <h2 id="dead-letters">Dead letters</h2>
        <span className="side-note">Synchronisations that were given up after all their retries</span>
      </header>
      <Answer query={query}>
        {({ dead_letters: letters }) =>
          letters.length === 0 ? (
            <Empty title="No synchronisation was given up">
              One that fails is retried five times before it stands here.
            </Empty>
          ) : (
            <ol className="changes">
              {letters.map(({ id, connector_id, error, created_at }) => {
                const connection = connections.find((one) => one.id === connector_id)
                const name = connection === undefined ? 'Removed' : platformName(connection.type)
                return (
                  <li key={id} className="dead-letter">
                    <div>
                      {connection === undefined ? (
                        <span className="soft">A connection that was removed</span>
                      ) : (
                        <Link href={`/console/integrations/${connector_id}`}>
                          {name} · {accountName(connection)}
                        </Link>
                      )}
                      <p>{error}</p>
                      <p className="side-note">
                        given up <Time at={created_at} />
                      </p>
                    </div>
                    {connection?.status === 'connected' && (
                      <button
                        type="button"
                        className="button"
                        aria-label={`Retry ${name}, given up for: ${error}`}
                        disabled={isPending}
                        onClick={() => mutate({ id: connector_id, name })}
                      >
                        Retry
                      </button>
                    )}
                  </li>
                )
              })}
            </ol>
          )
        }
      </Answer>
    </section>
  )
}
