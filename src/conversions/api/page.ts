import { okList, wholeNumber } from '../../api/index.ts'

/** The query of a paged list, newest first. */
export const Page = {
  limit: wholeNumber(1, 1_000).default(100).openapi({ description: 'Most entries of the page.' }),
  before: wholeNumber(1).optional().openapi({ description: '`next_before` of the page before.' }),
}

/**
 * The answer with a page of rows, newest first. It has fewer rows than were read if they would be too long together.
 *
 * @param limit how many rows were asked for; `rows` has fewer on the last page
 */
export const pageOf = <R extends { readonly seq: number }>(
  name: string,
  limit: number,
  rows: readonly R[],
  show: (row: R) => object,
) =>
  okList(name, rows, show, (listed) => ({
    next_before: listed < rows.length || rows.length === limit ? (rows[listed - 1]?.seq ?? null) : null,
  }))
