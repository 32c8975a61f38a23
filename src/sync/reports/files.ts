import { createReadStream } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { AwsV4Signer } from 'aws4fetch'
import { errors, request } from 'undici'
import { AppError } from '../../errors.ts'

/** Where finished files are stored. */
export type FileStore =
  | { readonly is: 'folder'; readonly dataDir: string }
  | {
      readonly is: 's3'
      readonly dataDir: string
      readonly endpoint: string
      readonly bucket: string
      readonly region: string
      readonly accessKeyId: string
      readonly secretAccessKey: string
      readonly patience?: Patience
    }

/** How long an object store may take. */
export interface Patience {
  /** Longest time without progress in either direction, in milliseconds. */
  readonly idleMs: number
  /** Longest time for one file, in milliseconds. */
  readonly allMs: number
}

const PATIENCE: Patience = { idleMs: 30_000, allMs: 3_600_000 }

/** Path at which a file is written first, always on this machine's disk. */
export async function localPath({ dataDir }: FileStore, name: string): Promise<string> {
  const path = resolve(join(dataDir, 'reports', name))
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return path
}

/** Moves a finished local file to the store and returns its address. */
export async function publish(store: FileStore, name: string): Promise<string> {
  const path = await localPath(store, name)
  if (store.is === 'folder') return pathToFileURL(path).href
  const { size } = await stat(path)
  const statusCode = await settle(store, 'PUT', name, { path, size })
  if (statusCode >= 300) throw unavailable(`answered ${statusCode}`)
  await rm(path)
  return `s3://${store.bucket}/${name}`
}

/** Opens a published file; undefined when it does not exist any more. */
export async function openFile(store: FileStore, name: string): Promise<Readable | undefined> {
  if (store.is === 's3') {
    const { statusCode, body } = await send(store, 'GET', name)
    if (statusCode === 200) return body
    await body.dump()
    return undefined
  }
  const path = await localPath(store, name)
  const found = await stat(path).catch(() => undefined)
  return found ? createReadStream(path) : undefined
}

/** Deletes a published file; one that does not exist is no error. */
export async function removeFile(store: FileStore, name: string): Promise<void> {
  if (store.is === 'folder') {
    await rm(await localPath(store, name), { force: true })
    return
  }
  const statusCode = await settle(store, 'DELETE', name)
  if (statusCode >= 300 && statusCode !== 404) throw unavailable(`answered ${statusCode}`)
}

/** Status of the object store's answer; the body is discarded. */
async function settle(...asked: Parameters<typeof send>): Promise<number> {
  const { statusCode, body } = await send(...asked)
  try {
    await body.dump()
    return statusCode
  } catch (error) {
    throw unreachable(error)
  }
}

const unavailable = (what: string) => new AppError('platform_unavailable', `the file store ${what}`, 'later')

const unreachable = (error: unknown) =>
  unavailable(isTimeout(error) ? 'did not answer in time' : 'cannot be reached')

const isTimeout = (error: unknown): boolean =>
  error instanceof errors.ConnectTimeoutError ||
  error instanceof errors.HeadersTimeoutError ||
  error instanceof errors.BodyTimeoutError ||
  (error instanceof Error && error.name === 'TimeoutError')

async function send(
  store: Extract<FileStore, { is: 's3' }>,
  method: 'GET' | 'PUT' | 'DELETE',
  name: string,
  file?: { path: string; size: number },
) {
  const signer = new AwsV4Signer({
    method,
    url: `${store.endpoint}/${store.bucket}/${name}`,
    service: 's3',
    region: store.region,
    accessKeyId: store.accessKeyId,
    secretAccessKey: store.secretAccessKey,
    headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
  })
  const signed = await signer.sign()
  const headers = {
    ...Object.fromEntries(signed.headers),
    ...(file && { 'content-length': String(file.size) }),
  }
  const { idleMs, allMs } = store.patience ?? PATIENCE
  try {
    return await request(signed.url, {
      method,
      headers,
      body: file ? createReadStream(file.path) : null,
      headersTimeout: idleMs,
      bodyTimeout: idleMs,
      signal: AbortSignal.timeout(allMs),
    })
  } catch (error) {
    throw unreachable(error)
  }
}
