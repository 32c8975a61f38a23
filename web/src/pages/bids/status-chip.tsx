import type { BidRecord } from '../../api/client.ts'
import { words } from '../../ui/format.ts'

const TONES: Partial<Record<BidRecord['status'], string>> = {
  placed: 'ok',
  deferred: 'warn',
  outcome_unknown: 'warn',
  refused: 'danger',
  dry_run: 'accent',
}

export function StatusChip({ status }: { status: BidRecord['status'] }) {
  return <span className={`chip ${TONES[status] ?? ''}`}>{words(status)}</span>
}
