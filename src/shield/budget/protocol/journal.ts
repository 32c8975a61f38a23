/** A row of the journal. */
export interface JournalRow {
  readonly number: number
  readonly atMs: number
  /** The scope that the entry is about; null for all scopes. */
  readonly scope: string | null
  readonly text: string
  readonly hash: string
}

/** Reads the rows of a journal. */
export interface JournalReader {
  /** The numbers of the first entry that still exists and of the last entry. */
  range(): Promise<{ readonly first: number; readonly last: number }>
  /** The rows from number `after + 1` to `upTo`. */
  slice(after: number, upTo: number): Promise<readonly JournalRow[]>
}
