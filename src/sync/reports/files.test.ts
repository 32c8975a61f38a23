import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { AwsV4Signer } from 'aws4fetch'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listenUntilEnd } from '../../../test/support/local-server.ts'
import { type FileStore, localPath, openFile, publish, removeFile } from './index.ts'

const ACCESS = { region: 'eu-1', accessKeyId: 'id', secretAccessKey: 'secret' }

/** An object store that takes what is signed with the right key, and announces its length, as S3 wants. */
async function startS3() {
  const objects = new Map<string, string>()
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const url = `http://${request.headers.host}${request.url}`
    if (request.headers.authorization !== (await signature(request.method ?? '', url, request.headers))) {
      response.writeHead(403).end()
      return
    }
    if (request.method === 'PUT' && request.headers['content-length'] === undefined) {
      response.writeHead(411).end()
      return
    }
    if (request.method === 'PUT') objects.set(request.url ?? '', body)
    if (request.method === 'DELETE') {
      objects.delete(request.url ?? '')
      response.writeHead(204).end()
      return
    }
    const found = objects.get(request.url ?? '')
    response.writeHead(found === undefined ? 404 : 200).end(request.method === 'GET' ? found : '')
  })
  return { endpoint: await listenUntilEnd(server), objects }
}

async function signature(method: string, url: string, sent: IncomingHttpHeaders): Promise<string | null> {
  const headers = { 'x-amz-content-sha256': String(sent['x-amz-content-sha256']) }
  const signer = new AwsV4Signer({
    method,
    url,
    service: 's3',
    headers,
    datetime: String(sent['x-amz-date']),
    ...ACCESS,
  })
  return (await signer.sign()).headers.get('authorization')
}

describe('an object store', () => {
  it('gets finished files, and gives them back', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true }))
    const { endpoint, objects } = await startS3()
    const store: FileStore = { is: 's3', dataDir, endpoint, bucket: 'b', ...ACCESS }
    writeFileSync(await localPath(store, 'c/r.parquet'), 'PAR1')
    expect(await publish(store, 'c/r.parquet')).toBe('s3://b/c/r.parquet')
    expect([...objects]).toEqual([['/b/c/r.parquet', 'PAR1']])
    const file = await openFile(store, 'c/r.parquet')
    expect(file && (await text(file))).toBe('PAR1')
    expect(await openFile(store, 'c/gone.parquet')).toBeUndefined()
  })

  it('deletes what is not to be kept, and what is gone already is gone', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true }))
    const { endpoint, objects } = await startS3()
    const store: FileStore = { is: 's3', dataDir, endpoint, bucket: 'b', ...ACCESS }
    for (const name of ['c/old.parquet', 'c/young.parquet']) {
      writeFileSync(await localPath(store, name), 'PAR1')
      await publish(store, name)
    }
    await removeFile(store, 'c/old.parquet')
    await removeFile(store, 'c/old.parquet')
    expect([...objects.keys()]).toEqual(['/b/c/young.parquet'])
    const stranger = { ...store, secretAccessKey: 'another' }
    await expect(removeFile(stranger, 'c/young.parquet')).rejects.toThrow('the file store answered 403')
  })

  it.each([
    ['takes nothing', { idleMs: 100, allMs: 60_000 }],
    ['takes a little at a time', { idleMs: 60_000, allMs: 500 }],
  ])('that %s is waited for so long and no longer, and the file stays', async (how, patience) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true }))
    const server = createServer((request) => {
      if (how === 'takes nothing') return
      request.on('data', () => {
        request.pause()
        setTimeout(() => request.resume(), 20)
      })
    })
    const endpoint = await listenUntilEnd(server)
    const store: FileStore = { is: 's3', dataDir, endpoint, bucket: 'b', ...ACCESS, patience }
    // More than the buffers of a connection hold.
    writeFileSync(await localPath(store, 'r.parquet'), Buffer.alloc(16 << 20))
    const late = { code: 'platform_unavailable', message: 'the file store did not answer in time' }
    await expect(publish(store, 'r.parquet')).rejects.toMatchObject(late)
    expect(statSync(await localPath(store, 'r.parquet')).size).toBe(16 << 20)
    await expect(removeFile(store, 'r.parquet')).rejects.toMatchObject(late)
    const opening = openFile(store, 'r.parquet').then((file) => file && text(file))
    await expect(opening).rejects.toThrow()
  })

  it('that cannot be reached is an error that says so, without an address', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true }))
    const store: FileStore = { is: 's3', dataDir, endpoint: 'http://127.0.0.1:1', bucket: 'b', ...ACCESS }
    await expect(removeFile(store, 'r.parquet')).rejects.toMatchObject({
      code: 'platform_unavailable',
      message: 'the file store cannot be reached',
    })
  })

  it('that refuses a file is an error, and the file stays', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true }))
    const { endpoint } = await startS3()
    const store: FileStore = {
      is: 's3',
      dataDir,
      endpoint,
      bucket: 'b',
      ...ACCESS,
      secretAccessKey: 'another',
    }
    writeFileSync(await localPath(store, 'r.parquet'), 'PAR1')
    await expect(publish(store, 'r.parquet')).rejects.toThrow('the file store answered 403')
    expect(await openFile({ is: 'folder', dataDir }, 'r.parquet').then((file) => file && text(file))).toBe(
      'PAR1',
    )
  })
})
