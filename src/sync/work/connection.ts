import type { Selectable } from 'kysely'
import { parseJson } from '../../json.ts'
import { commonReportNames } from '../connectors/common-names.ts'
import type {
  AccountRef,
  Json,
  PlatformAccount,
  ReadConnector,
  ReportSpec,
  Row,
} from '../connectors/read-connector.ts'
import type { ConnectorTable } from '../store/index.ts'

/** What is kept of a connection beside its columns. */
export interface ConnectionInfo {
  readonly accounts: readonly PlatformAccount[]
  readonly currency: string | undefined
  readonly timezone: string | undefined
  readonly settings: Readonly<Record<string, Json>>
  /** Shown to a person: what to do. */
  readonly message?: string
  readonly error?: string
}

export const infoOf = ({ metadata }: Pick<Selectable<ConnectorTable>, 'metadata'>): ConnectionInfo => ({
  accounts: [],
  settings: {},
  ...parseJson(metadata),
})

export function accountRefOf(row: Pick<Selectable<ConnectorTable>, 'account_id' | 'metadata'>): AccountRef {
  const { currency, timezone, settings } = infoOf(row)
  return { accountId: row.account_id ?? '', currency, timezone, settings }
}

/** Said on every row. */
export const aboutRows = ({ accountId, currency, timezone }: AccountRef): Row => ({
  account_id: accountId,
  account_currency: currency ?? null,
  account_timezone: timezone ?? null,
})

/** The campaigns of every platform are a report too; this is one for platforms that say no more of them. */
const CAMPAIGNS: ReportSpec = {
  fields: ['id', 'name', 'status'],
  key: ['id'],
  dated: false,
  lookbackDays: 0,
  historyMonths: undefined,
  maxDays: undefined,
}

export const CAMPAIGNS_REPORT = 'campaigns'

/** What may be asked of a connector: its reports, and its campaigns where it has some. */
export function specOf(connector: ReadConnector, reportType: string): ReportSpec | undefined {
  const named = Object.hasOwn(connector.reports, reportType) ? connector.reports[reportType] : undefined
  if (named || reportType !== CAMPAIGNS_REPORT) return named
  return connector.features.includes('campaigns') ? CAMPAIGNS : undefined
}

/** Says of a report that is not there which ones are. */
export function noReport(connector: ReadConnector, name: string): string {
  const reports = reportTypesOf(connector)
  const names = reports.flatMap((one) => [one, ...commonReportNames(reports, one)])
  return `${connector.type} has no report ${name.slice(0, 100)}; it has ${names.join(', ') || 'none'}`
}

export function reportTypesOf(connector: ReadConnector): string[] {
  const campaigns = connector.features.includes('campaigns') ? [CAMPAIGNS_REPORT] : []
  return [...new Set([...campaigns, ...Object.keys(connector.reports)])]
}
