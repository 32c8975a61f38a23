import { z } from '@hono/zod-openapi'
import { ok, type Route } from '../../api/index.ts'
import type { Clock } from '../../time/clock.ts'
import { checkedOutCommit, VERSION } from '../../version.ts'

const VersionBody = z
  .object({
    version: z.string(),
    commit: z.string().nullable().openapi({ description: 'Null where the code did not come by git.' }),
    node: z.string(),
    mode: z.enum(['mock', 'live']),
    uptimeSeconds: z.int(),
  })
  .openapi('Version')

/** Which version runs, and since when. It requires a key, because attackers choose exploits by version. */
export function versionRoute({ clock, mode }: { clock: Clock; mode: 'mock' | 'live' }): Route {
  const startedMs = clock.elapsedMs()
  const build = { version: VERSION, commit: checkedOutCommit(), node: process.versions.node, mode }
  return {
    method: 'get',
    path: '/version',
    summary: 'What runs here, and for how long',
    scope: 'read',
    answers: { 200: { description: 'Version and uptime', schema: VersionBody } },
    refusals: [],
    handle() {
      const uptimeSeconds = Math.floor((clock.elapsedMs() - startedMs) / 1000)
      return ok({ ...build, uptimeSeconds })
    },
  }
}
