import type { Ctx } from '../api/index.ts'

/** Address of the page in which the console shows the markup of an ad. */
export const CREATIVE_FRAME = '/console/creative'

/**
 * Waits for the markup and becomes it. It comes as a message, since a document that the console writes itself would have
 * the console's own policy, under which no ad runs.
 */
const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>An ad</title>
<script>
addEventListener('message', ({ source, data }) => {
  if (source !== parent || source === window || typeof data?.ad !== 'string') return
  document.open()
  document.write(data.ad)
  document.close()
})
</script>
`

/**
 * The sandbox gives the page an origin of its own, wherever it is shown: it has no cookies, cannot see the console, and what
 * it asks the service for is refused as another site's. What it loads is bounded further by the policy that the console
 * writes before the markup.
 */
const POLICY = [
  'sandbox allow-scripts',
  "default-src 'none'",
  "script-src 'unsafe-inline' https:",
  "style-src 'unsafe-inline' https:",
  'img-src data: https:',
  'media-src data: https:',
  'font-src data: https:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ')

export const creativeFrame = (c: Ctx): Response | Promise<Response> =>
  c.html(PAGE, 200, {
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
    'cache-control': 'no-cache',
  })
