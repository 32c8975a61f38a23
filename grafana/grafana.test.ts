import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createMetrics } from '../src/metrics/metrics.ts'
import { startHarness } from '../test/support/harness.ts'
import { buildDashboard, ROWS } from './dashboard.ts'

const RULES = 'grafana/rules/bidwarden.rules.yml'
const promtool = (args: string[], input?: string) =>
  execFileSync('promtool', args, { encoding: 'utf8', input, stdio: 'pipe' })

const queries = ROWS.flatMap((row) => row.panels.flatMap((panel) => panel.lines.map(({ expr }) => expr)))

/** Names of all series that are really exported, with the suffixes of histograms. */
async function exported(): Promise<Map<string, ReadonlySet<string>>> {
  const metrics = await createMetrics().registry.getMetricsAsJSON()
  const names = new Map<string, ReadonlySet<string>>()
  const labelsOf = (metric: object): string[] => {
    const labelNames: unknown = Reflect.get(metric, 'labelNames')
    return Array.isArray(labelNames) ? labelNames : []
  }
  const registry = createMetrics().registry
  for (const { name, type } of metrics) {
    const labels = new Set([...labelsOf(registry.getSingleMetric(name) ?? {}), 'le', 'instance', 'job'])
    const suffixes = String(type) === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
    for (const suffix of suffixes) names.set(name + suffix, labels)
  }
  return names
}

describe('the Prometheus rules', () => {
  it('are valid, and so is the configuration that names them', () => {
    expect(promtool(['check', 'rules', RULES])).toContain('SUCCESS')
    expect(promtool(['check', 'config', 'grafana/prometheus.yml'])).toContain('SUCCESS')
  })

  it('fire at their thresholds and stay silent below', () => {
    expect(promtool(['test', 'rules', 'grafana/rules/bidwarden.rules.test.yml'])).toContain('SUCCESS')
  })

  it('have a case that fires and one that does not for every alert, and a runbook line', () => {
    const rules = readFileSync(RULES, 'utf8')
    const cases = readFileSync('grafana/rules/bidwarden.rules.test.yml', 'utf8')
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
    expect(alerts.length).toBeGreaterThan(0)
    for (const alert of alerts) {
      const values = [...cases.matchAll(new RegExp(`alertname="${alert}"[\\s\\S]*?value: (\\d)`, 'g'))].map(
        ([, value]) => value,
      )
      expect(new Set(values), alert).toEqual(new Set(['0', '1']))
    }
    expect(rules.match(/runbook:/g)).toHaveLength(alerts.length)
  })

  it('have a runbook in a file of its own for every alert, and no file is left over', () => {
    const rules = readFileSync(RULES, 'utf8')
    const files = rules
      .split('- alert: ')
      .slice(1)
      .map((rule) => {
        const name = rule.split('\n', 1)[0]
        expect(rule).toContain(`runbook_url: docs/runbooks/${name}.md\n`)
        const text = readFileSync(`docs/runbooks/${name}.md`, 'utf8')
        expect(text.match(/^#.*$/gm)).toEqual([
          `# ${name}`,
          '## What it means',
          '## What to look at',
          '## What to do',
        ])
        return `${name}.md`
      })
    expect(readdirSync('docs/runbooks').sort()).toEqual([...files, 'README.md'].sort())
    const index = readFileSync('docs/runbooks/README.md', 'utf8')
    expect([...index.matchAll(/^\| \[(\w+)\]\(\1\.md\) \| /gm)].map(([, name]) => `${name}.md`)).toEqual(
      files.sort(),
    )
  })
})

describe('the dashboard', () => {
  it('is the committed one', () => {
    const committed = JSON.parse(readFileSync('grafana/dashboards/bidwarden.json', 'utf8'))
    expect(JSON.parse(JSON.stringify(buildDashboard()))).toEqual(committed)
  })

  it('asks only for metrics and labels that are exported, and so do the rules', async () => {
    const names = await exported()
    for (const query of [...queries, readFileSync(RULES, 'utf8')]) {
      for (const [, name = '', matchers] of query.matchAll(
        /\b((?:bidwarden|nodejs|process)_\w+)(?:\{([^}]*)\})?/g,
      )) {
        expect(names.has(name), name).toBe(true)
        for (const [, label = ''] of (matchers ?? '').matchAll(/(\w+)\s*(?:=|!=|=~|!~)/g)) {
          expect(names.get(name)?.has(label), `${name}{${label}}`).toBe(true)
        }
      }
      for (const [, labels = ''] of query.matchAll(/\b(?:by|on) \(([^)]*)\)/g)) {
        const known = new Set([...names.values()].flatMap((set) => [...set]))
        for (const label of labels.split(',')) expect(known.has(label.trim()), label).toBe(true)
      }
    }
  })

  it('has only queries that Prometheus can parse', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-queries-'))
    const rules = queries.map((query, i) => {
      const expr = query
        .replaceAll(/\$__(rate_interval|range)/g, '5m')
        .replaceAll(/\$(platform|scope)/g, '.*')
      return `      - record: panel:query_${i}\n        expr: ${JSON.stringify(expr)}`
    })
    const file = join(folder, 'queries.yml')
    writeFileSync(file, `groups:\n  - name: queries\n    rules:\n${rules.join('\n')}\n`)
    expect(promtool(['check', 'rules', file])).toContain(`${queries.length} rules found`)
    rmSync(folder, { recursive: true })
  })
})

describe('the live metrics', () => {
  it('pass promtool check metrics', async () => {
    const { bid, get } = await startHarness()
    await bid()
    await bid({ bidAmount: 450 })
    const { body } = await get('/metrics')
    expect(promtool(['check', 'metrics'], body)).toBe('')
  })
})
