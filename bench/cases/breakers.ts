import { ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel'
import Opossum from 'opossum'
import { CircuitBreaker, DEFAULT_BREAKER } from '../../src/shield/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { measure } from '../measure.ts'

// All three around the same asynchronous call that succeeds. Ours also judges slow calls and needs two successes to
// close; cockatiel trips on consecutive failures; opossum on a share of failures.
const COUNT = 100_000
const call = async () => 1
const ours = new CircuitBreaker(systemClock, DEFAULT_BREAKER)
const cockatiel = circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker: new ConsecutiveBreaker(3) })
const opossum = new Opossum(call, { timeout: false })

process.send?.([
  await measure(
    'our CircuitBreaker around a call',
    COUNT,
    () => undefined,
    async (_, count) => {
      for (let i = 0; i < count; i++) {
        const entry = ours.enter()
        if (entry.is === 'open') continue
        await call()
        entry.passage.report('healthy', 1)
      }
    },
  ),
  await measure(
    'cockatiel circuit breaker around a call',
    COUNT,
    () => undefined,
    async (_, count) => {
      for (let i = 0; i < count; i++) await cockatiel.execute(call)
    },
  ),
  await measure(
    'opossum around a call',
    COUNT,
    () => undefined,
    async (_, count) => {
      for (let i = 0; i < count; i++) await opossum.fire()
    },
  ),
])
