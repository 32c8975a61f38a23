import { createReadStream } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { AwsV4Signer } from 'aws4fetch'
import { request } from 'undici'
import { AppError } from '../../errors.ts'

/** Where finished files go. */
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
    }

/** Where a file is written first: always on the disk of this machine. */
export async function localPath({ dataDir }: FileStore, name: string): Promise<string> {
  const path = resolve(join(dataDir, 'reports', name))
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return path
}

/** Puts a finished local file where it is to be found. Returns its address. */
export async function publish(store: FileStore, name: string): Promise<string> {
  const path = await localPath(store, name)
  if (store.is === 'folder') return pathToFileURL(path).href
  const { size } = await stat(path)
  const { statusCode, body } = await send(store, 'PUT', name, { path, size })
  await body.dump()
  if (statusCode >= 300)
    throw new AppError('platform_unavailable', `the file store answered ${statusCode}`, 'later')
  await rm(path)
  return `s3://${store.bucket}/${name}`
}

/** The bytes of a published file; undefined when it is gone. */
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

/** Deletes a published file; one that is gone already is no error. */
export async function removeFile(store: FileStore, name: string): Promise<void> {
  if (store.is === 'folder') {
    await rm(await localPath(store, name), { force: true })
    return
  }
  const { statusCode, body } = await send(store, 'DELETE', name)
  await body.dump()
  if (statusCode >= 300 && statusCode !== 404)
    throw new AppError('platform_unavailable', `the file store answered ${statusCode}`, 'later')
}

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
  return request(signed.url, { method, headers, body: file ? createReadStream(file.path) : null })
}
