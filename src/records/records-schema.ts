import type { FileKind } from '../disk/index.ts'

/** Rows of every table count up, so that their order is their age. A row that is replaced keeps its place. */
export const RECORDS: FileKind = {
  name: 'records',
  applicationId: 0x62696472,
  version: 1,
  schema: `
    CREATE TABLE bids (
      number INTEGER PRIMARY KEY AUTOINCREMENT, bid_id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL,
      is_open INTEGER NOT NULL, text TEXT NOT NULL, payer TEXT, spent INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX open_bids ON bids (number) WHERE is_open = 1;
    CREATE INDEX spent_bids ON bids (at_ms, payer, spent) WHERE payer IS NOT NULL;
    CREATE TABLE keys (
      number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL, text TEXT NOT NULL
    ) STRICT;
    CREATE TABLE seen (
      number INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, page INTEGER NOT NULL, at_ms INTEGER NOT NULL,
      bits BLOB NOT NULL, UNIQUE (owner, page)
    ) STRICT;
    CREATE TABLE forgotten (owner TEXT PRIMARY KEY, below INTEGER NOT NULL) STRICT;
    CREATE TABLE uses (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;`,
}

/** Not there in files of before holds were kept. Holds are few: those that the budgets have not counted yet. */
export const HOLDS = `
  CREATE TABLE IF NOT EXISTS identity (id TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS owners (
    owner TEXT PRIMARY KEY, up_to INTEGER NOT NULL, counted INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS holds (
    owner TEXT NOT NULL, number INTEGER NOT NULL, scopes TEXT NOT NULL, amount INTEGER NOT NULL,
    settled_before INTEGER, PRIMARY KEY (owner, number)
  ) STRICT, WITHOUT ROWID;`

/** Not there in files of before campaigns were kept. They are never too old. */
export const CAMPAIGNS =
  'CREATE TABLE IF NOT EXISTS campaigns (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT'
