import { type RawBuilder, sql } from 'kysely'
import { MESSAGE_STATES, type MessageState } from '../../sync/index.ts'

/** How late a state is: a message goes from a lower one to a higher one. */
export const rankOf = (state: MessageState): number => MESSAGE_STATES.indexOf(state)

/** As {@link rankOf}, of a column. */
export const rankIn = (column: string): RawBuilder<number> =>
  sql`CASE ${sql.ref(column)} ${sql.join(
    MESSAGE_STATES.map((state, rank) => sql`WHEN ${sql.lit(state)} THEN ${sql.lit(rank)}`),
    sql` `,
  )} END`
