import { describe, it } from 'vitest'
import { expectPageWorks, expectReadmeWorks, PAGES, walkByProcesses } from './support/walk.ts'

// As `readme.test.ts`, with a process for each command.
describe('README', () => {
  it('has commands that work as they are written, one after the other', async () => {
    await expectReadmeWorks(await walkByProcesses())
  })
})

describe.each(PAGES)('%s', (path) => {
  it('has commands that work as they are written, one after the other, and print what it says', async () => {
    await expectPageWorks(await walkByProcesses(), path)
  })
})
