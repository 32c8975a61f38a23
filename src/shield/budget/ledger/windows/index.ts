export { DayWindow } from './day.ts'
export { LifetimeWindow } from './lifetime.ts'
export { SlidingWindow } from './sliding.ts'
export type { Window, WindowEntry, WindowState } from './window.ts'
