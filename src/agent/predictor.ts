import { z } from 'zod'
import type { HttpClient } from '../http.ts'
import { parseJson } from '../json.ts'
import type { Micros } from '../money.ts'
import type { CircuitBreaker } from '../shield/index.ts'
import { type BidRequest, Confidence, PredictedLtv } from './bid-request.ts'

export interface Prediction {
  readonly ltv: Micros
  readonly confidence: number | undefined
}

/** Asks for a customer's lifetime value; undefined when nobody can tell in time. */
export type Predictor = (request: BidRequest) => Promise<Prediction | undefined>

export const noPredictor: Predictor = async () => undefined

const TIMEOUT_MS = 500

const Predicted = z.object({ predictedLtv: PredictedLtv, confidence: Confidence.optional() })

export interface PredictorDeps {
  readonly http: HttpClient
  readonly breaker: CircuitBreaker
  readonly url: string
}

/**
 * A prediction service: `POST {customerId, campaignId, platform}` answered by `{predictedLtv, confidence?}`. It gets
 * 500 ms and a breaker of its own; whatever goes wrong, the bid falls back to the history.
 */
export function httpPredictor({ http, breaker, url }: PredictorDeps): Predictor {
  return async ({ customerId, campaignId, platform }) => {
    const entry = breaker.enter()
    if (entry.is === 'open') return undefined
    const request = {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customerId, campaignId, platform }),
    } as const
    const exchange = await http.send(request, TIMEOUT_MS)
    const prediction =
      exchange.is === 'answered' && exchange.response.status === 200
        ? read(exchange.response.body)
        : undefined
    entry.passage.report(prediction ? 'healthy' : 'failing', exchange.latencyMs)
    return prediction
  }
}

function read(body: string): Prediction | undefined {
  try {
    const { predictedLtv, confidence } = Predicted.parse(parseJson(body))
    return { ltv: predictedLtv, confidence }
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return undefined
    throw error
  }
}
