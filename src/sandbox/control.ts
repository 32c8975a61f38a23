import { Hono } from 'hono'
import { FaultRule, type FaultScript } from './faults.ts'
import type { SandboxLedger } from './ledger.ts'
import { parseJson } from './protocol.ts'

/** The sandbox's own routes below `/_sandbox`, for people and for tests outside this process. */
export function createControl(faults: FaultScript, ledger: SandboxLedger, conversions: Hono): Hono {
  return new Hono()
    .route('/conversions', conversions)
    .get('/state', (c) => c.json({ applied: ledger.applied, held: faults.held() }))
    .get('/requests', (c) => c.json({ requests: ledger.requests }))
    .post('/faults', async (c) => {
      const rule = FaultRule.safeParse(parseJson(await c.req.text()))
      if (!rule.success) return c.json({ error: 'bad_rule', issues: rule.error.issues }, 400)
      faults.add(rule.data)
      return c.json({ added: rule.data }, 201)
    })
    .delete('/faults', (c) => {
      faults.clear()
      return c.body(null, 204)
    })
    .post('/release', (c) => {
      const released = faults.held()
      faults.release()
      return c.json({ released })
    })
}
