import { Mutex } from 'async-mutex'

/** Does the work of each key one after the other, in the order it came; different keys do not wait for each other. */
export function createTurns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const mutexes = new Map<string, Mutex>()
  return async (key, work) => {
    const mutex = mutexes.get(key) ?? new Mutex()
    mutexes.set(key, mutex)
    try {
      return await mutex.runExclusive(work)
    } finally {
      // Work that waits has replaced the entry, and removes it when it ends.
      if (!mutex.isLocked()) mutexes.delete(key)
    }
  }
}
