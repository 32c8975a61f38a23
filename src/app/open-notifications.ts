import type { Config } from '../config/config.ts'
import type { HttpClient } from '../http/http.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tables } from '../metrics/tables.ts'
import { DELIVERY_RESULTS, Notifications } from '../notify/index.ts'
import type { Records, Recovered } from '../storage/index.ts'
import type { Clock } from '../time/clock.ts'

interface Parts {
  readonly clock: Clock
  readonly log: Logger
  readonly http: HttpClient
  readonly metrics: Metrics
  readonly records: Records
  readonly recovered: Recovered
  readonly tables: Tables
}

/** Opens the notifications to the operator, including those that earlier starts could not deliver. */
export function openNotifications(
  { notify: settings }: Config,
  { metrics, tables, ...parts }: Parts,
): Notifications {
  // Every cell is created now: rate() in Prometheus does not see the first increase of a counter that did not exist before.
  const cells = new Map(DELIVERY_RESULTS.map((result) => [result, metrics.notifications.cell({ result })]))
  const { waiting_notifications: waiting, ended_notifications: ended } = tables.limits
  const notifications = new Notifications({
    ...parts,
    settings,
    max: { waiting, ended },
    onResult(result) {
      const cell = cells.get(result)
      if (cell) cell.count += 1
    },
  })
  tables.watch('waiting_notifications', () => notifications.waiting)
  tables.watch('ended_notifications', () => notifications.ended)
  return notifications
}
