import { RateLimiterMemory } from 'rate-limiter-flexible'
import { RateLimiter } from '../../src/shield/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { measure } from '../measure.ts'

// Ours never lets more than the limit through in any window. The peer counts in fixed windows from first use, so twice
// its limit can pass around an edge; it is asynchronous because it can also sit on Redis.
const COUNT = 100_000
const ours = new RateLimiter(systemClock, { calls: 1e12, windowMs: 60_000 })
const peer = new RateLimiterMemory({ points: 1e12, duration: 60 })

process.send?.([
  await measure(
    'our RateLimiter, take',
    COUNT,
    () => undefined,
    (_, count) => {
      for (let i = 0; i < count; i++) ours.take('bid')
    },
  ),
  await measure(
    'rate-limiter-flexible memory, consume',
    COUNT,
    () => undefined,
    async (_, count) => {
      for (let i = 0; i < count; i++) await peer.consume('platform')
    },
  ),
])
