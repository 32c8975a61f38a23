export { emit, type NewEvent } from './emit.ts'
export { type CloudEvent, eventsAfter, forgetOldEvents, newestEvent, publishWaiting } from './publish.ts'
export { createEventStream } from './stream.ts'
