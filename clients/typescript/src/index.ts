export { type BidwardenClient, type BidwardenClientOptions, createBidwardenClient } from './client.ts'
export type { components, operations, paths } from './openapi.ts'
export { type Answer, dataOf, ForeignAnswerError, type Problem, ProblemError } from './problem.ts'
export type { StreamEvent, StreamOptions, StreamState } from './stream.ts'
