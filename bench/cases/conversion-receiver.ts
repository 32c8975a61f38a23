import { createServer } from 'node:http'

// Plays Meta's endpoint for events: takes everything, and says at `/taken` how many events came.

let taken = 0
const server = createServer((request, response) => {
  if (request.url === '/taken' || request.url === '/livez') {
    response.end(String(taken))
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const events = chunks.length === 0 ? 0 : JSON.parse(Buffer.concat(chunks).toString('utf8')).data.length
    taken += events
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ events_received: events, messages: [], fbtrace_id: 't' }))
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object')
    process.stdout.write(`listens at http://127.0.0.1:${address.port}\n`)
})
