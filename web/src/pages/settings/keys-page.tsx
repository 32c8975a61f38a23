import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { sessionQuery } from '../../api/session.ts'
import { type ApiKey, keysQuery } from '../../api/settings.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count } from '../../ui/format.ts'
import { Time } from '../../ui/time.tsx'
import { KeyActions } from './key-actions.tsx'
import { MakeKey } from './make-key.tsx'

/** API keys: one to make, and those that there are. */
export function KeysPage() {
  const query = useQuery(keysQuery)
  const session = useQuery(sessionQuery).data
  return (
    <div className="stack">
      {session?.keyNeeded === false && (
        <p className="side-note">
          No key is needed on this machine, because <code>API_KEYS</code> is not set. Keys that are made now
          are let in until it is, and not after that: anybody here may have made them.
        </p>
      )}
      <MakeKey />
      <Answer query={query}>{({ keys }) => <KeyList keys={keys} />}</Answer>
    </div>
  )
}

const isOver = ({ state }: ApiKey): boolean => state === 'revoked'

function KeyList({ keys }: { keys: readonly ApiKey[] }) {
  const [sought, setSought] = useState('')
  const [showsOver, setShowsOver] = useState(false)
  const over = keys.filter(isOver).length
  const shown = keys.filter((key) => (showsOver || !isOver(key)) && key.name.includes(sought.trim()))
  return (
    <section className="card" aria-label="API keys">
      <header>
        <label className="field search">
          <span className="sr-only">Find a key</span>
          <input
            type="search"
            placeholder="Find a key by its name"
            value={sought}
            onChange={(event) => setSought(event.target.value)}
          />
        </label>
        {over > 0 && (
          <label className="check">
            <input
              type="checkbox"
              checked={showsOver}
              onChange={(event) => setShowsOver(event.target.checked)}
            />
            <span>with {count(over)} revoked</span>
          </label>
        )}
      </header>
      {shown.length === 0 ? (
        <NoKey isSought={sought !== ''} />
      ) : (
        <div className="scroll-x">
          <table className="table stacks">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">May</th>
                <th scope="col">Budget</th>
                <th scope="col">Expires</th>
                <th scope="col">Last used</th>
                <th scope="col">
                  <span className="sr-only">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((key) => (
                <KeyRow key={`${key.source} ${key.name}`} apiKey={key} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function NoKey({ isSought }: { isSought: boolean }) {
  return isSought ? (
    <Empty title="No key has this name">Search for less of it, or among those that were revoked.</Empty>
  ) : (
    <Empty title="There is no API key yet">
      Make one above for each program that is to bid, read or report.
    </Empty>
  )
}

function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  const { name, scopes, organisation, source, state, madeAt, madeBy, budget, expiresAt, revokedAt } = apiKey
  return (
    <tr>
      <td data-of="Name">
        <strong>{name}</strong> <StateChip state={state} />
        <p className="side-note">
          organisation {organisation}
          {source === 'environment' && <>, of API_KEYS</>}
          {madeAt !== undefined && (
            <>
              , made by {madeBy}, <Time at={madeAt} />
            </>
          )}
        </p>
      </td>
      <td data-of="May">{scopes.join(', ')}</td>
      <td data-of="Budget">
        {budget === undefined ? (
          <span className="soft">—</span>
        ) : (
          <Link href={`/console/budgets/${encodeURIComponent(budget)}`}>{budget}</Link>
        )}
      </td>
      <td data-of="Expires">
        {revokedAt !== undefined ? (
          <span className="soft">
            revoked <Time at={revokedAt} />
          </span>
        ) : expiresAt === undefined ? (
          <span className="soft">never</span>
        ) : (
          <Time at={expiresAt} />
        )}
      </td>
      <td data-of="Last used">
        {apiKey.lastUsedAt === undefined ? (
          <span className="soft">not since the start</span>
        ) : (
          <Time at={apiKey.lastUsedAt} />
        )}
      </td>
      <td className="number">{source === 'api' && state !== 'revoked' && <KeyActions apiKey={apiKey} />}</td>
    </tr>
  )
}

function StateChip({ state }: Pick<ApiKey, 'state'>) {
  if (state === 'valid') return null
  return <span className={state === 'expired' ? 'chip warn' : 'chip'}>{state}</span>
}
