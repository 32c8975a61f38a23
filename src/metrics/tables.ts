/** What a full table does with one more row: it refuses it, or forgets the oldest. */
export type WhenFull = 'refuses' | 'forgets'

interface TableKind {
  /** The default limit, in rows, or in bytes where the name says so. */
  readonly usual: number
  readonly most: number
  readonly whenFull: WhenFull
}

const refuses = (usual: number, most: number): TableKind => ({ usual, most, whenFull: 'refuses' })
const forgets = (usual: number, most: number): TableKind => ({ usual, most, whenFull: 'forgets' })

/**
 * The tables that callers, exchanges and platforms can make longer, by their names in `TABLE_LIMITS` and the metrics.
 * docs/limits.md describes each.
 */
const KINDS = {
  budgets: refuses(20_000, 200_000),
  paused_budgets: refuses(20_000, 200_000),
  campaigns: refuses(10_000, 100_000),
  campaigns_of_organisation: refuses(2_500, 100_000),
  api_keys: refuses(1_000, 10_000),
  waiting_approvals: refuses(1_000, 10_000),
  open_bids: refuses(500_000, 100_000_000),
  deferred_bids: refuses(10_000, 100_000),
  event_streams: refuses(1_000, 100_000),
  streams: refuses(1_000, 100_000),
  connections: refuses(1_000, 100_000),
  waiting_requests: refuses(10_000, 1_000_000),
  waiting_conversions: refuses(1_000_000, 100_000_000),
  waiting_messages: refuses(100_000, 10_000_000),
  decisions: forgets(10_000, 1_000_000),
  idempotency_keys: forgets(100_000, 10_000_000),
  callers: forgets(10_000, 1_000_000),
  sessions: forgets(10_000, 100_000),
  seen_bids: forgets(67_108_864, 1_073_741_824),
  waiting_notices: forgets(10_000, 1_000_000),
  waiting_notifications: forgets(1_000, 100_000),
  ended_notifications: forgets(1_000, 100_000),
  ended_approvals: forgets(1_000, 10_000),
  authorizations: forgets(1_000, 100_000),
  requests: forgets(100_000, 100_000_000),
  events: forgets(100_000, 100_000_000),
  webhooks: forgets(10_000, 10_000_000),
  suppressions: forgets(100_000, 100_000_000),
  report_rows: forgets(20_000_000, 100_000_000_000),
  campaign_budgets: forgets(10_000, 10_000_000),
  dead_letters: forgets(10_000, 10_000_000),
  mails: forgets(10_000, 10_000_000),
  conversions: forgets(50_000_000, 1_000_000_000),
  messages: forgets(10_000_000, 1_000_000_000),
} as const satisfies Record<string, TableKind>

export type TableName = keyof typeof KINDS
export const TABLE_NAMES = Object.keys(KINDS) as readonly TableName[]

/** Limit of each table, in rows or bytes. */
export type TableLimits = Readonly<Record<TableName, number>>

/** Reads `name=rows,name=rows`; other tables keep their defaults. Returns a text that says what is wrong. */
export function readTableLimits(text: string): TableLimits | string {
  const limits = Object.fromEntries(TABLE_NAMES.map((name) => [name, KINDS[name].usual]))
  for (const entry of text.split(',').filter((one) => one.trim() !== '')) {
    const [name = '', said = ''] = entry.trim().split('=')
    const kind: TableKind | undefined = Object.hasOwn(KINDS, name) ? KINDS[name as TableName] : undefined
    if (!kind) return `has no table ${name.slice(0, 50)}; there are ${TABLE_NAMES.join(', ')}`
    const rows = /^[1-9]\d{0,11}$/.test(said) ? Number(said) : 0
    if (rows < 1 || rows > kind.most) return `${name} must be 1 to ${kind.most}, as in ${name}=${kind.usual}`
    limits[name] = rows
  }
  return limits as TableLimits
}

export const USUAL_TABLE_LIMITS = readTableLimits('') as TableLimits

/** How full a table is; of tables per organisation or connection, the fullest one. */
export interface Fill {
  readonly table: string
  readonly rows: number
  readonly limit: number
  readonly whenFull: WhenFull
}

/** Size of a file, or of files of one kind, in bytes. */
export interface FileSize {
  readonly file: string
  readonly bytes: number
  /** Undefined where nothing but the limits of its tables bounds it. */
  readonly limit: number | undefined
}

/** The tables and files with their limits and present sizes, for the metrics. */
export class Tables {
  readonly limits: TableLimits
  readonly #fills: (() => Fill)[] = []
  readonly #files: {
    readonly file: string
    readonly limit?: number
    readonly bytes: () => number | undefined
  }[] = []

  constructor(limits: TableLimits) {
    this.limits = limits
  }

  /** @param rows returns the present number of rows; it is called at every scrape and has to be cheap */
  watch(table: TableName, rows: () => number): void {
    const { whenFull } = KINDS[table]
    this.#fills.push(() => ({ table, rows: rows(), limit: this.limits[table], whenFull }))
  }

  /** As `watch`, for a table whose limit has a variable of its own. */
  watchOther(table: string, limit: number, rows: () => number): void {
    this.#fills.push(() => ({ table, rows: rows(), limit, whenFull: 'forgets' }))
  }

  /** @param bytes returns the size when it was last looked at; undefined before the first time */
  watchFile(file: string, bytes: () => number | undefined, limit?: number): void {
    this.#files.push({ file, bytes, ...(limit !== undefined && { limit }) })
  }

  get fills(): Fill[] {
    return this.#fills.map((fill) => fill())
  }

  get files(): FileSize[] {
    return this.#files.flatMap(({ file, limit, bytes }) => {
      const known = bytes()
      return known === undefined ? [] : [{ file, bytes: known, limit }]
    })
  }
}
