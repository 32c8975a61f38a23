import { Readable } from 'node:stream'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { type Bounds, DEFAULT_BOUNDS, TooMuch } from './bounds.ts'
import { recordsOf } from './read-stream.ts'

const archive = Buffer.from(
  zipSync({
    'SDF-Campaigns.csv': Buffer.from('Campaign Id,Name\n1,"a, b"\n2,c\n'),
    'empty.csv': Buffer.alloc(0),
    'SDF-LineItems.csv': Buffer.from('Line Item Id,Name\n7,x\n'),
  }),
)
const packing = { encoding: 'csv', gzip: false, archive: 'zip' } as const

async function records(bytes: Buffer, size: number, bounds: Bounds = DEFAULT_BOUNDS) {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
  const found = []
  for await (const record of recordsOf(Readable.from(chunks), packing, bounds))
    if (record.is === 'record') found.push([record.record, record.file])
  return found
}

describe('an archive of files', () => {
  it.each([1, 7, 1_000_000])('is read in pieces of %i bytes', async (size) => {
    expect(await records(archive, size)).toEqual([
      [{ 'Campaign Id': '1', Name: 'a, b' }, 'SDF-Campaigns.csv'],
      [{ 'Campaign Id': '2', Name: 'c' }, 'SDF-Campaigns.csv'],
      [{ 'Line Item Id': '7', Name: 'x' }, 'SDF-LineItems.csv'],
    ])
  })

  it('is broken off where all its files together are longer than they may be', async () => {
    const bomb = Object.fromEntries(
      Array.from({ length: 3 }, (_, n) => [`${n}.csv`, Buffer.from(`id\n${'1\n'.repeat(20_000)}`)]),
    )
    const bytes = Buffer.from(zipSync(bomb))
    const bounds = { ...DEFAULT_BOUNDS, unpackedBytes: 100_000 }
    await expect(records(bytes, 64, bounds)).rejects.toThrow(TooMuch)
    expect(await records(bytes, 64)).toHaveLength(60_000)
  })

  it('is refused wherever it is cut off', async () => {
    for (let length = 1; length < archive.length - 21; length++) {
      await expect(records(archive.subarray(0, length), 64), `cut at ${length}`).rejects.toThrow()
    }
  })
})
