import { useQuery } from '@tanstack/react-query'
import { auditQuery } from '../api/queries.ts'
import { Answer } from './answer.tsx'
import { Changes } from './changes.tsx'

/** The card with the changes of one budget or campaign. */
export function ChangeHistory({ target }: { target: string }) {
  const query = useQuery(auditQuery(target))
  return (
    <section className="card" aria-labelledby="history">
      <header>
        <h2 id="history">Changes</h2>
      </header>
      <Answer query={query}>{({ entries }) => <Changes entries={entries} />}</Answer>
    </section>
  )
}
