import type { ComponentType } from 'react'
import { Link, useRoute } from 'wouter'
import { useMay } from '../../api/session.ts'
import { Empty } from '../../ui/answer.tsx'
import { AuditPage } from './audit-page.tsx'
import { KeysPage } from './keys-page.tsx'
import { OrganisationsPage } from './organisations-page.tsx'
import { ServicePage } from './service-page.tsx'
import './settings.css'

type Rights = ReturnType<typeof useMay>

interface Part {
  /** Last part of its address. */
  readonly name: string
  readonly title: string
  readonly Content: ComponentType
  isFor(rights: Rights): boolean
}

const HOME = '/console/settings'
const PARTS: readonly Part[] = [
  { name: 'keys', title: 'API keys', Content: KeysPage, isFor: ({ may }) => may('admin') },
  {
    name: 'organisations',
    title: 'Organisations',
    Content: OrganisationsPage,
    isFor: ({ may, isOperator }) => may('admin') && isOperator,
  },
  { name: 'service', title: 'Service', Content: ServicePage, isFor: ({ may }) => may('read') },
  { name: 'changes', title: 'Changes', Content: AuditPage, isFor: ({ may }) => may('read') },
]

/** Who may do what, what runs, and what was changed; each part to who may see it. */
export default function Settings() {
  const [, params] = useRoute(`${HOME}/:part`)
  const rights = useMay()
  const parts = PARTS.filter(({ isFor }) => isFor(rights))
  const shown = params?.part === undefined ? parts[0] : parts.find(({ name }) => name === params.part)
  return (
    <>
      <div className="page-head">
        <h1>Settings</h1>
        <p>Who may do what, what runs here, and what was changed</p>
      </div>
      {parts.length > 0 && (
        <nav className="tabs" aria-label="Settings">
          {parts.map(({ name, title }) => (
            <Link
              key={name}
              href={`${HOME}/${name}`}
              aria-current={name === shown?.name ? 'page' : undefined}
            >
              {title}
            </Link>
          ))}
        </nav>
      )}
      {shown ? <shown.Content /> : <Closed isEmpty={parts.length === 0} />}
    </>
  )
}

function Closed({ isEmpty }: { isEmpty: boolean }) {
  return (
    <section className="card">
      {isEmpty ? (
        <Empty title="This key sees no settings">
          Sign in with one that has the scope <code>read</code> for what runs and what was changed, or{' '}
          <code>admin</code> for API keys.
        </Empty>
      ) : (
        <Empty title="There is no such part of Settings, or this key does not see it">
          Go on from those above.
        </Empty>
      )}
    </section>
  )
}
