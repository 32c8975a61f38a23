import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import { DCLinter } from 'dclint'
import { DockerfileParser } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { Service } from 'kubernetes-models/v1/Service'
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { parseConfig } from '../../src/config/config.ts'

const read = (path: string) => readFileSync(path, 'utf8')
const Package = z.object({ version: z.string(), dependencies: z.object({ node: z.string() }) })
const ours = Package.parse(JSON.parse(read('package.json')))

describe('the Dockerfile', () => {
  const text = read('Dockerfile')
  const stages = DockerfileParser.parse(text).getFROMs()
  const instructions = DockerfileParser.parse(text).getInstructions()
  const of = (keyword: string) =>
    instructions
      .filter((one) => one.getKeyword() === keyword)
      .map((one) => one.getRawArgumentsContent() ?? '')

  it('is valid', () => {
    expect(validate(text).map(({ message }) => message)).toEqual([])
  })

  it('runs on the Node that package.json pins, in every stage', () => {
    expect(stages.map((stage) => stage.getImage())).toEqual(
      stages.map(() => `node:${ours.dependencies.node}-bookworm-slim`),
    )
  })

  it('runs as a user without rights, by commands that no shell stands before, and ends by SIGTERM', () => {
    expect(of('USER')).toEqual(['1000:1000'])
    for (const command of [...of('ENTRYPOINT'), of('CMD').at(-1) ?? ''])
      expect(JSON.parse(command)).toEqual(expect.any(Array))
    expect(of('HEALTHCHECK').join()).toContain('/livez')
    expect(of('STOPSIGNAL')).toEqual(['SIGTERM'])
  })

  it('fills the compile cache as the user who reads it, after all that is compiled is there', () => {
    const keywords = instructions.map((one) => `${one.getKeyword()} ${one.getRawArgumentsContent() ?? ''}`)
    const warm = keywords.indexOf('RUN node bin/warm.cjs')
    expect(warm).toBeGreaterThan(keywords.indexOf('USER 1000:1000'))
    expect(warm).toBeGreaterThan(keywords.findLastIndex((one) => one.startsWith('COPY')))
  })

  it('copies only what is here and what .dockerignore lets through', () => {
    const allowed = new Set([...read('.dockerignore').matchAll(/^!(\S+)/gm)].map(([, path]) => path))
    const copied = [...text.matchAll(/^COPY (?!--from)(.+)$/gm)].map(([, paths = '']) => paths.split(' '))
    const sources = copied.flatMap((paths) => paths.slice(0, -1))
    expect(sources.length).toBeGreaterThan(5)
    for (const source of sources) {
      expect(existsSync(source), source).toBe(true)
      expect(allowed, source).toContain(source.split('/')[0])
    }
  })
})

const Compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string().optional(),
      environment: z.record(z.string(), z.string()).default({}),
      ports: z.array(z.string()).default([]),
      volumes: z.array(z.string()).default([]),
      command: z.array(z.string()).default([]),
    }),
  ),
})

const Linted = z
  .array(
    z.object({
      messages: z.array(z.object({ severity: z.string(), line: z.number(), message: z.string() })),
    }),
  )
  .length(1)

describe('compose.yaml', () => {
  const { services } = Compose.parse(parse(read('compose.yaml')))

  it('keeps the schema of Compose', () => {
    const linter = new DCLinter({
      rules: {},
      quiet: true,
      debug: false,
      exclude: [],
      stopOnFirstError: false,
      disableRules: [],
    })
    const found = Linted.parse(linter.lintFiles(['compose.yaml'], false))
    const errors = found.flatMap(({ messages }) => messages).filter(({ severity }) => severity === 'error')
    expect(errors).toEqual([])
  })

  it('sets variables that the service knows, to values that it starts with', () => {
    const given: Record<string, string> = {
      API_KEYS: `ops:admin:${'0'.repeat(64)}`,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      NOTICE_SECRET: '5'.repeat(64),
      POSTGRES_PASSWORD: 'not-to-be-guessed',
    }
    const environment = Object.fromEntries(
      Object.entries(services['bidwarden']?.environment ?? {}).map(([name, value]) => [
        name,
        value.replace(/\$\{(\w+):\?[^}]*\}/g, (_, variable: string) => given[variable] ?? ''),
      ]),
    )
    expect(parseConfig(environment)).toMatchObject({ host: '0.0.0.0', store: { is: 'redis' } })
  })

  it('is reached from this machine alone, pins every image, and writes no secret down', () => {
    for (const [name, { image, ports, environment }] of Object.entries(services)) {
      expect(image ?? 'built:here', name).toMatch(/:(?!latest$)[\w.-]+$/)
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
      for (const [variable, value] of Object.entries(environment))
        if (/PASSWORD|SECRET|KEY/.test(variable)) expect(value, variable).toMatch(/^\$\{\w+:\?.+\}$/)
    }
  })

  it('keeps money in a Redis that writes before it answers and never evicts', () => {
    expect(services['redis']?.command.join(' ')).toMatch(
      /--appendonly yes --appendfsync always --maxmemory-policy noeviction/,
    )
  })

  it('mounts files that are here', () => {
    const files = Object.values(services).flatMap(({ volumes }) =>
      volumes.flatMap((volume) => /^\.\/([^:]+):/.exec(volume)?.[1] ?? []),
    )
    expect(files.length).toBeGreaterThan(4)
    for (const file of files) expect(existsSync(file), file).toBe(true)
  })

  it('gives Prometheus a configuration and rules that it takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-prometheus-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const configuration = read('deploy/compose/prometheus.yml')
    writeFileSync(join(folder, 'metrics_key'), 'a key')
    writeFileSync(
      join(folder, 'prometheus.yml'),
      configuration.replace('/run/secrets/metrics_key', 'metrics_key'),
    )
    cpSync('grafana/rules', join(folder, 'rules'), { recursive: true })
    const said = execFileSync('promtool', ['check', 'config', join(folder, 'prometheus.yml')], {
      encoding: 'utf8',
    })
    expect(said).toContain('1 rule files found')
  })
})

const Kustomization = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  resources: z.array(z.string()),
})
const Resource = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})
type Resource = z.output<typeof Resource>

const ROOT = 'deploy/kubernetes'

/** What `kubectl apply -k` sends: these kustomizations only list resources, so there is nothing else to be done. */
function render(folder: string): Resource[] {
  const { resources } = Kustomization.parse(parse(read(join(folder, 'kustomization.yaml'))))
  return resources.flatMap((name) => {
    const path = join(folder, name)
    if (!name.endsWith('.yaml')) return render(path)
    return parseAllDocuments(read(path)).map((document) => Resource.parse(document.toJS()))
  })
}

const MODELS: Readonly<Record<string, new (data: never) => { validate(): void }>> = {
  'v1/ServiceAccount': ServiceAccount,
  'v1/Service': Service,
  'apps/v1/Deployment': Deployment,
  'apps/v1/StatefulSet': StatefulSet,
  'autoscaling/v2/HorizontalPodAutoscaler': HorizontalPodAutoscaler,
  'networking.k8s.io/v1/NetworkPolicy': NetworkPolicy,
  'policy/v1/PodDisruptionBudget': PodDisruptionBudget,
  'monitoring.coreos.com/v1/ServiceMonitor': ServiceMonitor,
}

const Probe = z.object({ httpGet: z.object({ path: z.string(), port: z.literal('http') }) })
const Workload = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({
        automountServiceAccountToken: z.literal(false),
        securityContext: z.object({ runAsNonRoot: z.literal(true), runAsUser: z.literal(1000) }),
        terminationGracePeriodSeconds: z.number().min(15),
        containers: z.array(
          z.object({
            image: z.string(),
            envFrom: z.array(z.object({ secretRef: z.object({ name: z.string() }) })),
            securityContext: z.object({
              allowPrivilegeEscalation: z.literal(false),
              readOnlyRootFilesystem: z.literal(true),
              capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
            }),
            startupProbe: Probe,
            livenessProbe: Probe,
            readinessProbe: Probe,
            volumeMounts: z.array(z.object({ mountPath: z.string() })),
          }),
        ),
      }),
    }),
  }),
})

describe.each(['ledger', 'replicas', 'monitoring'])('deploy/kubernetes/%s', (name) => {
  const resources = render(join(ROOT, name))

  it('is what the schemas of Kubernetes take', () => {
    for (const resource of resources) {
      const Model = MODELS[`${resource.apiVersion}/${resource.kind}`]
      if (!Model) throw new Error(`no schema is known for ${resource.apiVersion}/${resource.kind}`)
      expect(() => Reflect.construct(Model, [resource]).validate(), resource.kind).not.toThrow()
    }
  })

  it('names each thing once, and none of it is a secret', () => {
    const names = resources.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    expect(names).toEqual([...new Set(names)])
    expect(names.filter((one) => one.startsWith('Secret/'))).toEqual([])
  })
})

it.each([
  ['ledger', 'StatefulSet'],
  ['replicas', 'Deployment'],
])(
  'pods of deploy/kubernetes/%s have no rights, write to /data and /tmp alone, are probed, and are found by the service',
  (name, kind) => {
    const resources = render(join(ROOT, name))
    const { template } = Workload.parse(resources.find((resource) => resource.kind === kind)).spec
    const [container, ...others] = template.spec.containers
    expect(others).toEqual([])
    expect(container?.image).toBe(`bidwarden:${ours.version}`)
    expect(container?.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/data', '/tmp'])
    const service = z
      .object({ spec: z.object({ selector: z.record(z.string(), z.string()) }) })
      .parse(resources.find((resource) => resource.kind === 'Service'))
    expect(template.metadata.labels).toMatchObject(service.spec.selector)
  },
)
