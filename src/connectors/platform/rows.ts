/** A value in a row. Micros and other 64-bit integers are text where a double cannot hold them. */
export type Cell = string | number | boolean | null
/** One record of a report by our field names. Fields unknown to us keep the platform's name. */
export type Row = Readonly<Record<string, Cell>>
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
