import { createServer } from 'node:http'

// The least any server can do with a bid request: parse it, stringify an answer of the size of ours.
const answer = {
  id: 'req',
  bidid: 'owner111-1',
  cur: 'USD',
  seatbid: [{ seat: 'example', bid: [{ id: 'owner111-1', impid: '1', price: 5, adm: 'x'.repeat(1_000) }] }],
}
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const [first] = chunks
    const body = chunks.length === 1 && first ? first : Buffer.concat(chunks)
    const { id } = body.length === 0 ? answer : JSON.parse(body.toString('utf8'))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...answer, id }))
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`listens at http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}\n`)
})
