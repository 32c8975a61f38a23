/**
 * Options of `LRUCache` for at most `max` entries that allocate no memory beforehand. Its own option `max` allocates several
 * arrays of that length, which would take most of the time of a start.
 */
export const atMost = (max: number) => ({ maxSize: max, sizeCalculation: () => 1 })
