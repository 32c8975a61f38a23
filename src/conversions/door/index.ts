export { acceptEvents, type DoorDeps, type EventResult } from './accept.ts'
export { EventWriter } from './event-writer.ts'
