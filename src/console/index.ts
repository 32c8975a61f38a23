export { openBundle } from './bundle.ts'
export { serveConsole } from './serve-console.ts'
