import { expect, it } from 'vitest'
import { systemClock } from '../../time/clock.ts'
import { PlatformHealth } from './health.ts'

it('reports latencies to a tenth of a millisecond', () => {
  const health = new PlatformHealth(systemClock, undefined)
  for (const latencyMs of [12.34, 63.01797700001043]) health.recordLatency(latencyMs)
  expect(health.latency()).toEqual({ p50: 63, p95: 63 })
  health.recordLatency(0.05)
  expect(health.latency()).toEqual({ p50: 12.3, p95: 63 })
})

it('without credentials, has none to lose and lets no call through', () => {
  const health = new PlatformHealth(systemClock, 'no credentials are configured')
  health.loseAuth('refused')
  expect(health.auth).toMatchObject({ is: 'none' })
  expect(health.authRefusal()).toBe('no credentials are configured')
})
