import type { HttpResponse } from '../http.ts'
import { readGoogleRpc } from './google-rpc.ts'
import { at, parsed } from './json.ts'
import type { Answer } from './platform.ts'

/** Display & Video 360: its own API for what is set up, the Bid Manager API for reports. */
export const dv360 = {
  hosts: {
    displayVideo: 'https://displayvideo.googleapis.com',
    bidManager: 'https://doubleclickbidmanager.googleapis.com',
  },
  version: 'v4',
  bidManagerVersion: 'v2',
  /** Largest page of a list; the default is 100. */
  pageSize: 200,
  /**
   * Calls per window that we allow ourselves. Display & Video allows 1500 a minute per project and 300 per advertiser
   * (writes 700 and 150); Bid Manager 4 a second and 2000 a day per project. Failed calls count, and no header says
   * how much is left.
   */
  limits: {
    entities: [{ calls: 50, windowMs: 60_000 }],
    writes: [{ calls: 50, windowMs: 60_000 }],
    reports: [
      { calls: 50, windowMs: 60_000 },
      { calls: 1_000, windowMs: 86_400_000 },
    ],
  },

  /** @see readGoogleRpc */
  read(response: HttpResponse, nowMs: number): Answer {
    // A finished report lies in Cloud Storage, whose errors are XML: the signed address is too old, and asking Bid
    // Manager again gives a fresh one. Our grant has no part in it.
    if (response.status >= 300 && response.body.startsWith('<?xml')) {
      return { is: 'transient', detail: `Cloud Storage answered ${response.status}` }
    }
    // A task that was looked at well, and whose own outcome, good or bad, is in it.
    const answer = response.status < 300 ? parsed(response) : undefined
    if (answer?.is === 'json' && at(answer.body, 'done') === true) return { is: 'ok', body: answer.body }
    return readGoogleRpc(response, nowMs)
  },
} as const
