import type { HttpResponse } from '../../http/http.ts'
import { readGoogleRpc } from '../google/rpc.ts'
import type { Answer } from '../platform/answer.ts'
import { at, parsed } from '../platform/json.ts'

/** Display & Video 360: its own API for entities, the Bid Manager API for reports. */
export const dv360 = {
  hosts: {
    displayVideo: 'https://displayvideo.googleapis.com',
    bidManager: 'https://doubleclickbidmanager.googleapis.com',
  },
  /** Hosts of finished reports, which have signed addresses. */
  fileHosts: ['storage.googleapis.com', '.storage.googleapis.com'],
  version: 'v4',
  bidManagerVersion: 'v2',
  /** Largest page of a list; the default is 100. */
  pageSize: 200,
  /**
   * Our own limits: calls per window. Display & Video allows 1500 a minute per project and 300 per advertiser (writes
   * 700 and 150); Bid Manager 4 a second and 2000 a day per project. Failed calls count, and no header says how much is
   * left.
   */
  limits: {
    entities: [{ calls: 50, windowMs: 60_000 }],
    writes: [{ calls: 50, windowMs: 60_000 }],
    reports: [
      { calls: 50, windowMs: 60_000 },
      { calls: 1_000, windowMs: 86_400_000 },
    ],
  },

  /** Classes an answer as {@link readGoogleRpc} does, except for finished reports and tasks. */
  read(response: HttpResponse, nowMs: number): Answer {
    // Finished reports are in Cloud Storage, whose errors are XML: the signed address has expired, and asking Bid
    // Manager again gives a new one. The grant is not involved.
    if (response.status >= 300 && response.body.startsWith('<?xml')) {
      return {
        is: response.status >= 500 ? 'transient' : 'failed',
        detail: `Cloud Storage answered ${response.status}`,
      }
    }
    // The look at a task succeeded; the task's own outcome is in the body.
    const answer = response.status < 300 ? parsed(response) : undefined
    if (answer?.is === 'json' && at(answer.body, 'done') === true) return { is: 'ok', body: answer.body }
    return readGoogleRpc(response, nowMs)
  },
} as const
