import type { ReportStanding } from '../../api/reports.ts'

/**
 * The rows as files. Links and no calls, so that the browser writes them to the disk as they come, however many they are.
 */
export function Downloads({
  standing: { request_id, report_type, date_range, status, result },
}: {
  standing: ReportStanding
}) {
  const name = [report_type, date_range?.start, date_range?.end].filter(Boolean).join('_')
  // The file is deleted to make room; the rows stay for longer.
  const hasFile = status === 'completed' && result?.storage_location !== null
  const formats = ['csv', 'json', ...(hasFile ? ['parquet'] : [])]
  return formats.map((format) => (
    <a
      key={format}
      className="button"
      href={`/api/v1/connectors/requests/${request_id}/data?format=${format}`}
      download={`${name}.${format}`}
    >
      Download {format === 'parquet' ? 'Parquet' : format.toUpperCase()}
    </a>
  ))
}
