export { type PaceNow, Pacer } from './pacer.ts'
export { HOURS_OF_WEEK, TrafficCurve } from './traffic-curve.ts'
