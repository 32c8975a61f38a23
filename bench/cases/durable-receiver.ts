import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

// The least that a door which loses nothing can do: each body is parsed, and on the disk before it is answered. Nothing is checked,
// hashed or sent, and all requests that came together share a commit.

const folder = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
process.once('SIGTERM', () => process.exit())
const database = new DatabaseSync(join(folder, 'bodies.db'))
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bodies (body text)')
const insert = database.prepare('INSERT INTO bodies VALUES (?)')

let waiting: { readonly body: string; readonly answer: () => void }[] = []

function store(): void {
  const some = waiting
  waiting = []
  database.exec('BEGIN')
  for (const { body } of some) insert.run(body)
  database.exec('COMMIT')
  for (const { answer } of some) answer()
}

const server = createServer((request, response) => {
  if (request.url === '/livez') {
    response.end()
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('utf8')
    const { events } = JSON.parse(body)
    const results = events.map(({ event_id }: { event_id: string }) => ({ event_id, status: 'accepted' }))
    waiting.push({ body, answer: () => response.end(JSON.stringify({ results })) })
    if (waiting.length === 1) setImmediate(store)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object')
    process.stdout.write(`listens at http://127.0.0.1:${address.port}\n`)
})
