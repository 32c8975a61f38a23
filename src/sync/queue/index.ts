export { type ClaimOptions, claim, type Job, keepLeases, lostOf, release } from './claim.ts'
export { type Enqueued, enqueue, enqueueIn } from './enqueue.ts'
export {
  cancel,
  complete,
  fail,
  giveBack,
  type JobEnd,
  type JobFailure,
  LeaseLost,
  park,
  type RequestEnd,
  remember,
  renew,
  retrying,
  waitingFor,
} from './finish.ts'
export type { NewRequest } from './new-request.ts'
export { positionOf, type WaitingRequest, waitingOf } from './position.ts'
export { asPriority, limiterPriority, QUEUE_PRIORITIES, type QueuePriority } from './priority.ts'
export { type Line, lineOf, type Recent, recentOf } from './recent.ts'
export { resultOf } from './shared-reading.ts'
