import { wholeNumber } from '../../api/index.ts'

/** The query of a paged list, newest first. */
export const Page = {
  limit: wholeNumber(1, 1_000).default(100).openapi({ description: 'Most entries of the page.' }),
  before: wholeNumber(1).optional().openapi({ description: '`next_before` of the page before.' }),
}
