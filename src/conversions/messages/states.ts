import { type RawBuilder, sql } from 'kysely'
import { MESSAGE_STATES, type MessageState } from '../../sync/index.ts'

/** The rank of a state: a message only moves to states of a higher rank. */
export const rankOf = (state: MessageState): number => MESSAGE_STATES.indexOf(state)

/** {@link rankOf} as SQL, for a column. */
export const rankIn = (column: string): RawBuilder<number> =>
  sql`CASE ${sql.ref(column)} ${sql.join(
    MESSAGE_STATES.map((state, rank) => sql`WHEN ${sql.lit(state)} THEN ${sql.lit(rank)}`),
    sql` `,
  )} END`
