import { z } from 'zod'
import type { HttpClient } from '../../http/http.ts'
import { JsonTooDeep, NotJson, parseJson, TooManyNames } from '../../json/json.ts'
import type { Micros } from '../../money.ts'
import type { CircuitBreaker } from '../../shield/index.ts'
import type { Org } from '../organisations.ts'
import { type BidRequest, Confidence, PredictedLtv } from './request.ts'

export interface LtvPrediction {
  readonly ltv: Micros
  readonly confidence: number | undefined
}

/** Asks for a customer's lifetime value; undefined when there is no answer in time. */
export type Predictor = (request: BidRequest, org: Org) => Promise<LtvPrediction | undefined>

export const noPredictor: Predictor = async () => undefined

/** How long the service may take to answer, in milliseconds. */
const TIMEOUT_MS = 500

const Predicted = z.object({ predictedLtv: PredictedLtv, confidence: Confidence.optional() })

export interface PredictorDeps {
  readonly http: HttpClient
  readonly breaker: CircuitBreaker
  readonly url: string
}

/**
 * Asks a prediction service: `POST {customerId, campaignId, platform}`, with `organisation` for the bid of one,
 * answered by `{predictedLtv, confidence?}`. It has 500 ms and a breaker of its own. After any failure the bid is
 * decided by history.
 */
export function httpPredictor({ http, breaker, url }: PredictorDeps): Predictor {
  return async ({ customerId, campaignId, platform }, organisation) => {
    const entry = breaker.enter()
    if (entry.is === 'open') return undefined
    const request = {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customerId, campaignId, platform, organisation }),
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

/** What is thrown for an answer that is no prediction. */
const UNREADABLE = [z.ZodError, NotJson, JsonTooDeep, TooManyNames]

function read(body: string): LtvPrediction | undefined {
  try {
    const { predictedLtv, confidence } = Predicted.parse(parseJson(body))
    return { ltv: predictedLtv, confidence }
  } catch (error) {
    if (UNREADABLE.some((kind) => error instanceof kind)) return undefined
    throw error
  }
}
