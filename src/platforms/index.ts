export { type Answer, PLATFORMS, type Platform, type PlatformName } from './platform.ts'
