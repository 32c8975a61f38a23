import { readFileSync } from 'node:fs'
import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { statusOf } from '../errors.ts'
import { grpcStatusOf } from './status-codes.ts'

describe('the statuses of gRPC', () => {
  it('are those of the table in the documentation', () => {
    const rows = readFileSync('docs/grpc.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)
    const documented = [...rows].flatMap(([, name = '', codes = '']) =>
      [...codes.matchAll(/`(\w+)`/g)].map(([, code = '']) => `${code} ${name}`),
    )
    const inForce = Object.entries(grpcStatusOf).map(([code, number]) => `${code} ${status[number]}`)
    expect(documented.sort()).toEqual(inForce.sort())
  })

  it('invite nobody to repeat what may have been done', () => {
    const repeatable = Object.keys(statusOf).filter(
      (code) => grpcStatusOf[code as keyof typeof statusOf] === status.UNAVAILABLE,
    )
    expect(repeatable).not.toContain('outcome_unknown')
    expect(repeatable).not.toContain('internal')
  })
})
