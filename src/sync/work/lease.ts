/** Milliseconds after which a job without a renewed lease is given to another worker. */
export const LEASE_MS = 60_000
