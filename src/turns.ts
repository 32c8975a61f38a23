import { Mutex } from 'async-mutex'

/** Does work one after the other for each key, in the order it came; others do not wait for it. */
export function createTurns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const mutexes = new Map<string, Mutex>()
  return async (key, work) => {
    const mutex = mutexes.get(key) ?? new Mutex()
    mutexes.set(key, mutex)
    try {
      return await mutex.runExclusive(work)
    } finally {
      // Whoever waits has it already, and is the one to remove it.
      if (!mutex.isLocked()) mutexes.delete(key)
    }
  }
}
