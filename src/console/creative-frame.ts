import type { Ctx } from '../api/index.ts'

/** Address of the page in which the console shows an ad's markup. */
export const CREATIVE_FRAME = '/console/creative'

/**
 * A page that waits for the markup in a message and then becomes it. A document that the console wrote itself would
 * have the console's own content security policy, under which no ad runs.
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
 * The sandbox directive gives the page an origin of its own wherever it is shown: it has no cookies, cannot see the
 * console, and its requests to the service are refused as another site's. The policy that the console puts before the
 * markup restricts further what it loads.
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
