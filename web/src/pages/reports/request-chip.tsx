import type { ReportRequest } from '../../api/reports.ts'

const TONES: Partial<Record<ReportRequest['status'], string>> = {
  queued: 'warn',
  running: 'accent',
  completed: 'ok',
  failed: 'danger',
}

export function RequestChip({ status }: { status: ReportRequest['status'] }) {
  return <span className={`chip ${TONES[status] ?? ''}`}>{status}</span>
}
