/** A job without a sign of life for so long is given to another worker. */
export const LEASE_MS = 60_000
