import fc from 'fast-check'

// The same cases every time, so that a red run is about the change. `SEED=<number> npm test` looks elsewhere.
fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 20_261_120) })
