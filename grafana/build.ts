import { writeFileSync } from 'node:fs'
import { buildDashboard } from './dashboard.ts'

// `npm run grafana:build`: writes the dashboard that Grafana provisions.
writeFileSync('grafana/dashboards/bidwarden.json', `${JSON.stringify(buildDashboard(), null, 2)}\n`)
