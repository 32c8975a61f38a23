import { Unzip, UnzipInflate } from 'fflate'

/** One file of an archive. Its content must be read to the end before the next file. */
export interface ZippedFile {
  readonly name: string
  readonly content: AsyncGenerator<Uint8Array>
}

type Piece =
  | { readonly is: 'file'; readonly name: string }
  | { readonly is: 'data'; readonly data: Uint8Array }
  | { readonly is: 'end' }

/** Start of the record that ends every archive; a comment may follow it. */
const LAST_RECORD = Buffer.from([0x50, 0x4b, 0x05, 0x06])
/** Number of bytes at the end of an archive in which that record is looked for. */
const TAIL_BYTES = 1024

/** Yields the files of an archive as it arrives. Throws when it is cut off or malformed. */
export async function* zippedFiles(body: AsyncIterable<Buffer>): AsyncGenerator<ZippedFile> {
  const pieces: Piece[] = []
  const unzip = new Unzip((file) => {
    pieces.push({ is: 'file', name: file.name })
    file.ondata = (error, data, final) => {
      if (error) throw error
      pieces.push({ is: 'data', data })
      if (final) pieces.push({ is: 'end' })
    }
    file.start()
  })
  unzip.register(UnzipInflate)
  const chunks: AsyncIterator<Buffer> = body[Symbol.asyncIterator]()
  let tail: Buffer = Buffer.alloc(0)

  /** The next piece; undefined at the end of the archive. */
  async function next(): Promise<Piece | undefined> {
    for (;;) {
      const piece = pieces.shift()
      if (piece) return piece
      const chunk = await chunks.next()
      if (chunk.done) return undefined
      unzip.push(chunk.value)
      tail = Buffer.concat([tail, chunk.value]).subarray(-TAIL_BYTES)
    }
  }
  async function* content(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = await next()
      if (piece?.is === 'data') yield piece.data
      else if (piece?.is === 'end') return
      else throw new Error('the archive ends in the middle of a file')
    }
  }

  for (let piece = await next(); piece; piece = await next()) {
    if (piece.is === 'file') yield { name: piece.name, content: content() }
  }
  // An archive cut off between two files would otherwise look complete.
  if (!tail.includes(LAST_RECORD)) throw new Error('the archive ends in the middle')
}
