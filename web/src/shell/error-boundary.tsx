import { Component, type ReactNode } from 'react'
import { ProblemBox } from '../ui/problem-box.tsx'

/** Keeps a fault of one page from taking the others along. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { thrown: unknown }> {
  override state = { thrown: undefined }

  static getDerivedStateFromError(thrown: unknown) {
    return { thrown }
  }

  override render() {
    if (this.state.thrown === undefined) return this.props.children
    return (
      <div className="stack">
        <ProblemBox problem={this.state.thrown} />
        <p>
          This page has failed; bids and budgets go on without it.{' '}
          <button type="button" className="button" onClick={() => window.location.reload()}>
            Load it again
          </button>
        </p>
      </div>
    )
  }
}
