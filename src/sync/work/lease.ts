/** Milliseconds after which a job without a renewed lease is given to another job runner. */
export const LEASE_MS = 60_000
