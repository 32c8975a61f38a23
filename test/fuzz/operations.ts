import { randomUUID } from 'node:crypto'
import type { Asked } from './caller.ts'
import type { Known } from './cases.ts'
import type { Fuzz } from './mutate.ts'

/** A call as `/openapi.json` describes it. */
export interface Operation {
  readonly method: string
  readonly path: string
  readonly query: readonly string[]
  /** The example of its body, as text. */
  readonly body: string | undefined
}

/**
 * Not played: streams without an end, the whole ledger, which grows with every case, and what takes everything else away (the
 * kill switch).
 */
const LEFT_OUT = new Set(['/api/v1/events', '/v1/stream', '/v1/ledger', '/v1/kill-switch'])

interface Described {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly example?: unknown }>> }
}

/** Every call that the service describes. */
export function operationsOf(document: {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    LEFT_OUT.has(path)
      ? []
      : Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
          const example = Object.values(requestBody?.content ?? {})[0]?.example
          return {
            method: method.toUpperCase(),
            path,
            query: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
            body: example === undefined ? undefined : JSON.stringify(example),
          }
        }),
  )
}

const TEXTS = ['1', '0', '-1', '500', 'placed', '2026-11-01', '2026-11-02T00:00:00Z', 'csv', 'x'] as const

/** One call of an operation: something known in most of its places, anything in the others. */
export function fill(fuzz: Fuzz, known: Known, { method, path, query, body }: Operation): Asked {
  const { below, one, inPath, mutated } = fuzz
  const connection = () => one(known.connections)?.id ?? randomUUID()
  const named: Readonly<Record<string, () => string | undefined>> = {
    id: () => {
      if (path.includes('/requests/')) return one(known.requests)
      return path.startsWith('/api/') ? connection() : `c${below(20)}`
    },
    bidId: () => one(known.bids),
    // Others would pause or limit everything else that is played.
    scope: () => `campaign:${one(['meta', 'tradedesk', 'openrtb'])}:c${below(50)}`,
    seat: () => 'example',
    platform: () => one(['resend', 'meta']),
    kind: () => one(['win', 'billing', 'loss']),
    idType: () => one(['user', 'ifa', 'eid:s']),
    type: () => one(['DV360', 'SHEETS']),
  }
  const place = (name: string) => {
    const value = named[name]?.()
    return encodeURIComponent(value !== undefined && below(10) > 0 ? value : inPath(value ?? 'x'))
  }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => place(name))
  const asked = query
    .filter(() => below(2) === 0)
    .map((name) => `${name}=${encodeURIComponent(inPath(one(TEXTS) ?? ''))}`)
  const sent = body?.replaceAll(/"3f0c5a52-[\w-]+"/g, () => JSON.stringify(connection()))
  return {
    method,
    path: asked.length > 0 ? `${filled}?${asked.join('&')}` : filled,
    ...(sent !== undefined && { body: mutated(sent) }),
  }
}
