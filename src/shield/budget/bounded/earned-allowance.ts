/** The share (0..1) of its full allowance that a scope has from the start. */
const FIRST_SHARE = 1 / 8
/** How many micros must have been passed up for each micro of allowance. */
const PASSED_UP_EACH = 4

/**
 * The allowance of a scope grows with what exchanges could have billed and did not: whoever bills all open bids in the
 * end has passed up several times as much before.
 *
 * @param most the allowance of a scope that has earned all of it, in micros
 * @param passedUp micros of bids that stayed open for as long as they were weighed and were never billed, among those
 *   that the statistics remember
 * @returns micros by which prices may exceed what is set aside
 */
export const earnedAllowance = (most: number, passedUp: number): number =>
  Math.min(most, Math.max(Math.floor(most * FIRST_SHARE), Math.floor(passedUp / PASSED_UP_EACH)))
