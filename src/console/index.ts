export { openBundle } from './bundle.ts'
export { serveConsole } from './routes.ts'
