export { type ClaimOptions, claim, type Job, lostOf, release } from './claim.ts'
export { daysOf, type Enqueued, enqueue, enqueueIn, type NewRequest } from './enqueue.ts'
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
} from './finish.ts'
export { type Place, placeOf, waitingOf } from './position.ts'
export { asPriority, limiterPriority, QUEUE_PRIORITIES, type QueuePriority } from './priority.ts'
