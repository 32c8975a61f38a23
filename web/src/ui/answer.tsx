import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ProblemBox } from './problem-box.tsx'

/**
 * What a query has answered. Figures that were there stay while it fails; before the first answer nothing is shown for
 * 200 ms.
 */
export function Answer<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>
  children: (data: T) => ReactNode
}): ReactNode {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <ProblemBox problem={query.error} />
  return <Waiting />
}

export function Waiting() {
  return (
    <p className="empty after-a-moment" role="status">
      Loading …
    </p>
  )
}

/** Where nothing is yet: what that means, and what to do next. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  )
}
