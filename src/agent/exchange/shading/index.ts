export type { KeptShades } from './class-shades.ts'
export { type ShadeNews, Shader } from './shader.ts'
export { SLOT_CLASSES, type SlotClass } from './slot-class.ts'
