import type { HttpClient } from '../http.ts'
import type { Logger } from '../log.ts'
import type { CloudEvent } from './events/index.ts'

interface Options {
  readonly url: string
  readonly http: HttpClient
  readonly timeoutMs: number
  readonly log: Logger
}

/** Notifications that are on their way together; what hangs holds up to so many connections. */
const MAX_UNDER_WAY = 8

/**
 * Tells an address of events. Nobody waits for it: one that hangs delays neither other events nor jobs, and while it does,
 * further events are in the log and not sent.
 */
export function createNotifier({ url, http, timeoutMs, log }: Options): (event: CloudEvent) => void {
  const headers = { 'content-type': 'application/cloudevents+json' }
  let underWay = 0
  const send = async (event: CloudEvent) => {
    const sent = await http.send({ method: 'POST', url, headers, body: JSON.stringify(event) }, timeoutMs)
    underWay -= 1
    if (sent.is !== 'answered')
      log.warn({ event: event.id, detail: sent.detail }, 'the notification was not taken')
  }
  return (event) => {
    if (underWay >= MAX_UNDER_WAY) {
      log.warn({ event: event.id, detail: 'earlier ones wait' }, 'the notification was not taken')
      return
    }
    underWay += 1
    void send(event)
  }
}
