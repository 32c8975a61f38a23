import { useRoute } from 'wouter'
import { ReportList } from './report-list.tsx'
import { ReportPage } from './report-page.tsx'
import './reports.css'

/** A report to ask for and the latest that were, or the one that the address names. */
export default function Reports() {
  const [, params] = useRoute('/console/reports/:id')
  return params?.id === undefined ? (
    <ReportList />
  ) : (
    <ReportPage key={params.id} id={decodeURIComponent(params.id)} />
  )
}
