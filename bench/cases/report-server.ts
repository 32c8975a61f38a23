import { createServer } from 'node:http'

// node report-server.ts: a platform whose every report is the same hundred thousand rows of CSV.
const ROWS = 100_000
const lines = ['date,campaign_id,impressions,clicks,cost']
for (let i = 0; i < ROWS; i++) {
  const date = `2026-11-${String(1 + (i % 28)).padStart(2, '0')}`
  lines.push(`${date},c${Math.floor(i / 28)},${i % 90_001},${i % 907},${(i % 10_007) / 100}`)
}
const file = Buffer.from(`${lines.join('\n')}\n`)
const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/csv' })
  response.end(file)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`listens at http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}\n`)
})
