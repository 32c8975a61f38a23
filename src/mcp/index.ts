export { type McpParts, mountMcp } from './mount.ts'
