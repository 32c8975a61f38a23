import { afterEach } from 'vitest'

interface Closable {
  close(): Promise<unknown>
}

/** For a file of tests: what is given to it is closed after each test, the latest first. It returns what it is given. */
export function closingAfterEach(): <T extends Closable>(part: T) => T {
  const opened: Closable[] = []
  afterEach(async () => {
    for (let part = opened.pop(); part; part = opened.pop()) await part.close()
  })
  return (part) => {
    opened.push(part)
    return part
  }
}
