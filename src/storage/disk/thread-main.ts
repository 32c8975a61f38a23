import { parentPort, workerData } from 'node:worker_threads'
import { serveThread } from './serve-thread.ts'

// The main program of every thread that writes a file, so that no commit blocks the main event loop. It is told the module of the file.
const { open } = await import(workerData)
const port = parentPort
port?.on(
  'message',
  serveThread(
    open,
    (message) => port.postMessage(message),
    () => port.close(),
  ),
)
