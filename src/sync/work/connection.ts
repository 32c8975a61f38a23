import {
  type AccountRef,
  type Connector,
  commonReportNames,
  type Json,
  type LimitedAccount,
  type PlatformAccount,
  type ReportSpec,
  type Row,
} from '../../connectors/index.ts'
import { parseJson } from '../../json/json.ts'
import type { ConnectorRow } from '../store/index.ts'

/** Facts of a connection besides its columns. */
export interface ConnectionInfo {
  readonly accounts: readonly PlatformAccount[]
  readonly currency: string | undefined
  readonly timezone: string | undefined
  readonly settings: Readonly<Record<string, Json>>
  /** Tells a person what to do. */
  readonly message?: string
  readonly error?: string
}

export const infoOf = ({ metadata }: Pick<ConnectorRow, 'metadata'>): ConnectionInfo => ({
  accounts: [],
  settings: {},
  ...parseJson(metadata),
})

export function accountRefOf(row: Pick<ConnectorRow, 'account_id' | 'metadata'>): AccountRef {
  const { currency, timezone, settings } = infoOf(row)
  return { accountId: row.account_id ?? '', currency, timezone, settings }
}

/** Whose limits a call counts against: the account, or the connection itself until its account is known. */
export const limitedAccountOf = (
  { id, org_id, account_id }: Pick<ConnectorRow, 'id' | 'org_id' | 'account_id'>,
  { type }: Pick<Connector, 'type'>,
): LimitedAccount => ({ type, orgId: org_id, accountId: account_id ?? id })

/** Fields added to every row. */
export const aboutRows = ({ accountId, currency, timezone }: AccountRef): Row => ({
  account_id: accountId,
  account_currency: currency ?? null,
  account_timezone: timezone ?? null,
})

/** The report `campaigns` of platforms that do not define their own. */
const CAMPAIGNS: ReportSpec = {
  fields: ['id', 'name', 'status'],
  key: ['id'],
  dated: false,
  lookbackDays: 0,
  historyMonths: undefined,
  maxDays: undefined,
}

export const CAMPAIGNS_REPORT = 'campaigns'

/** A report of a connector, or its campaigns where it has them; undefined for an unknown name. */
export function specOf(connector: Connector, reportType: string): ReportSpec | undefined {
  const named = Object.hasOwn(connector.reports, reportType) ? connector.reports[reportType] : undefined
  if (named || reportType !== CAMPAIGNS_REPORT) return named
  return connector.features.includes('campaigns') ? CAMPAIGNS : undefined
}

/** Message for an unknown report, with the known ones. */
export function noReport(connector: Connector, name: string): string {
  const reports = reportTypesOf(connector)
  const names = reports.flatMap((one) => [one, ...commonReportNames(reports, one)])
  return `${connector.type} has no report ${name.slice(0, 100)}; it has ${names.join(', ') || 'none'}`
}

export function reportTypesOf(connector: Connector): string[] {
  const campaigns = connector.features.includes('campaigns') ? [CAMPAIGNS_REPORT] : []
  return [...new Set([...campaigns, ...Object.keys(connector.reports)])]
}
