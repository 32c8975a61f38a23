import { readdirSync, readFileSync } from 'node:fs'
import autocannon from 'autocannon'

// node openrtb-client.ts <url>: the sample requests in turn over 64 connections, as fast as they are answered. Prints
// {perSecond, p99Ms, bids, noBids, cpuSeconds}.
const [url = ''] = process.argv.slice(2)
const folder = new URL('../openrtb-samples/', import.meta.url)
const headers = { 'content-type': 'application/json', 'x-openrtb-version': '2.5' }
const requests = readdirSync(folder).map((name) => ({
  method: 'POST' as const,
  path: '/openrtb2/example/bid',
  headers,
  // Every request is for the one seat that is asked, so that every one gets a bid with a hold.
  body: JSON.stringify({ ...JSON.parse(readFileSync(new URL(name, folder), 'utf8')), wseat: ['example'] }),
}))
const before = process.cpuUsage()
const result = await autocannon({ url, connections: 64, duration: 4, requests })
const used = process.cpuUsage(before)
const cpuSeconds = (used.user + used.system) / 1e6
const { average } = result.requests
const statuses = result.statusCodeStats ?? {}
const count = (status: string) => Number(Reflect.get(statuses, status)?.count ?? 0)
const counts = { bids: count('200'), noBids: count('204') }
process.stdout.write(JSON.stringify({ perSecond: average, p99Ms: result.latency.p99, ...counts, cpuSeconds }))
