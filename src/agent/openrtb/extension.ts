import { MAX_UNITS, microsFloor, toUnits } from '../../money.ts'
import { numberWithin, object, type Wire } from './fields.ts'

/** A lifetime value, in currency units of whole millionths, and how sure its source is of it (0..1). */
export interface Prediction {
  readonly ltv: number
  readonly confidence: number | undefined
}

interface OurExtension {
  readonly predictedLtv: unknown
  readonly confidence: unknown
  readonly debug: unknown
}

/** `ext.bidwarden` of a request or an imp. */
export function extension(ext: unknown, field: string): Wire<OurExtension> | undefined {
  const ours = object<{ bidwarden: unknown }>(ext, field)?.bidwarden
  return object<OurExtension>(ours, 'ext.bidwarden')
}

export function readPrediction(ours: Wire<OurExtension> | undefined): Prediction | undefined {
  if (!ours) return undefined
  const ltv = numberWithin(ours.predictedLtv, 0, MAX_UNITS, 'ext.bidwarden.predictedLtv')
  const confidence = numberWithin(ours.confidence, 0, 1, 'ext.bidwarden.confidence')
  return ltv === undefined ? undefined : { ltv: toUnits(microsFloor(ltv)), confidence }
}
