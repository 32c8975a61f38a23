export { EVENT_TYPES, type EventType, emit, type NewEvent } from './emit.ts'
