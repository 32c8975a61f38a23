import { MAX_UNITS, microsFloor, toUnits } from '../../../money.ts'
import { cutToOne, MAX_CONFIDENCE } from '../../bids/request.ts'
import { numberWithin, object, orElse, type Wire } from './fields.ts'

/** A predicted lifetime value, in currency units with at most six decimals, and how sure its source is (0 to 1). */
export interface GivenPrediction {
  readonly ltv: number
  readonly confidence: number | undefined
}

interface OurExtension {
  readonly predictedLtv: unknown
  readonly confidence: unknown
  readonly debug: unknown
}

/** Reads `ext.bidwarden` of a request or an imp; undefined where `ext` is not an object. */
export function extension(ext: unknown, field: string): Wire<OurExtension> | undefined {
  const ours = orElse(() => object<{ bidwarden: unknown }>(ext, field)?.bidwarden, undefined)
  return object<OurExtension>(ours, 'ext.bidwarden')
}

export function readPrediction(ours: Wire<OurExtension> | undefined): GivenPrediction | undefined {
  if (!ours) return undefined
  const ltv = numberWithin(ours.predictedLtv, 0, MAX_UNITS, 'ext.bidwarden.predictedLtv')
  const sure = numberWithin(ours.confidence, 0, MAX_CONFIDENCE, 'ext.bidwarden.confidence')
  const confidence = sure === undefined ? undefined : cutToOne(sure)
  return ltv === undefined ? undefined : { ltv: toUnits(microsFloor(ltv)), confidence }
}
