/** The seed of tests that draw cases: the same every time, so that a red run is about the change. `SEED=<number>` looks elsewhere. */
export const seedOr = (usual: number): number => Number(process.env['SEED'] ?? usual)
