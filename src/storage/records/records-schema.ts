import type { FileKind } from '../disk/index.ts'

/** The file of the records. In a table with numbers a later row has a higher one, and a replaced row keeps its own. */
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

/** Missing in files of versions without recorded holds. The tables are small: only holds that the store has not counted. */
export const HOLDS = `
  CREATE TABLE IF NOT EXISTS identity (id TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS owners (
    owner TEXT PRIMARY KEY, up_to INTEGER NOT NULL, counted INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS holds (
    owner TEXT NOT NULL, number INTEGER NOT NULL, scopes TEXT NOT NULL, amount INTEGER NOT NULL,
    settled_before INTEGER, PRIMARY KEY (owner, number)
  ) STRICT, WITHOUT ROWID;`

/** Missing in files of versions without campaigns. Campaigns are not deleted for their age. */
export const CAMPAIGNS =
  'CREATE TABLE IF NOT EXISTS campaigns (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT'

/** Missing in files of versions without keys that are made at run time. They are not deleted for their age. */
export const API_KEYS = 'CREATE TABLE IF NOT EXISTS api_keys (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT'

/** Missing in files of versions without changes. Uploads are routine changes: there are many, so they are limited separately. */
export const CHANGES = `
  CREATE TABLE IF NOT EXISTS changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL, org INTEGER NOT NULL,
    action TEXT NOT NULL, target TEXT NOT NULL, caller TEXT NOT NULL, is_routine INTEGER NOT NULL, text TEXT NOT NULL,
    sum INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS changes_by_group ON changes (org, is_routine, number);`

/** Missing in files of versions without facts. The table is small: a fact replaces the one with the same id. */

export const FACTS = 'CREATE TABLE IF NOT EXISTS facts (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT'

/** Missing in files of versions without approvals. Rows stay until their writer deletes them. */
export const APPROVALS =
  'CREATE TABLE IF NOT EXISTS approvals (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT'

/** Missing in files of versions without notifications. Rows stay until their writer deletes them. */
export const NOTIFICATIONS =
  'CREATE TABLE IF NOT EXISTS notifications (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT'
