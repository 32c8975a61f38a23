/**
 * For `LRUCache`: at most `max` entries, and no memory before there are any. Its own `max` writes several lists of that
 * length at once, which is most of what a start would cost.
 */
export const atMost = (max: number) => ({ maxSize: max, sizeCalculation: () => 1 })
