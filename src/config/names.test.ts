import { describe, expect, it } from 'vitest'
import { mistypedOfClient } from './client.ts'
import { parseConfig } from './config.ts'
import { Environment } from './environment.ts'
import { doubtfulNames, mistypedNames } from './names.ts'

const known = Object.keys(Environment.shape)
const saidOf = (...names: string[]) =>
  mistypedNames(Object.fromEntries(names.map((name) => [name, '1'])), known)

/** Of CI systems, containers, shells, npm, cloud tools and other programs. */
const OTHERS = `
  CI GITHUB_ACTIONS GITHUB_TOKEN GITHUB_RUN_ID GITHUB_API_URL GITHUB_SERVER_URL RUNNER_TEMP RUNNER_OS GITLAB_CI CI_JOB_ID CI_API_V4_URL
  CI_PROJECT_DIR CI_REGISTRY BUILDKITE_BRANCH CIRCLE_BRANCH JENKINS_URL BUILD_ID BUILD_NUMBER WORKSPACE TRAVIS_BRANCH
  KUBERNETES_SERVICE_HOST KUBERNETES_PORT_443_TCP_ADDR REDIS_SERVICE_HOST REDIS_SERVICE_PORT REDIS_PORT_6379_TCP REDIS_HOST REDIS_PASSWORD
  BIDWARDEN_SERVICE_HOST BIDWARDEN_SERVICE_PORT BIDWARDEN_SERVICE_PORT_HTTP BIDWARDEN_PORT_8003_TCP BIDWARDEN_PORT_8003_TCP_PROTO
  BIDWARDEN_PORT_8003_TCP_PORT BIDWARDEN_PORT_8003_TCP_ADDR BIDWARDEN_REDIS_SERVICE_HOST OPENRTB_SERVICE_HOST OPENRTB_PORT_80_UDP
  BIDWARDEN_ENV_NODE_VERSION TRADEDESK_PROXY_SERVICE_PORT_HTTPS META_SERVICE_HOST
  DOCKER_HOST COMPOSE_PROJECT_NAME HOSTNAME CONTAINER_NAME INVOCATION_ID NOTIFY_SOCKET JOURNAL_STREAM LISTEN_FDS WATCHDOG_USEC
  PATH HOME USER SHELL PWD OLDPWD SHLVL TERM LANG LC_ALL TZ HOSTTYPE EDITOR PAGER DISPLAY SSH_AUTH_SOCK TMPDIR LOGNAME MAIL _
  npm_config_cache npm_config_port npm_package_name npm_package_config_port npm_lifecycle_event INIT_CWD NODE_ENV NODE_OPTIONS NODE_PATH
  AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_BUCKET R2_BUCKET R2_ENDPOINT R2_ACCESS_KEY_ID R2_SECRET_ACCESS_KEY B2_BUCKET
  GS_BUCKET S3_BUCKETS S3_BUCKET_NAME GOOGLE_API_KEY GOOGLE_AUTH_URL GOOGLE_CLOUD_PROJECT GOOGLE_APPLICATION_CREDENTIALS
  GOOGLE_ADS_JSON_KEY_FILE_PATH GOOGLE_ADS_LINKED_CUSTOMER_ID GOOGLE_ADS_USE_PROTO_PLUS GOOGLE_ADS_CONFIGURATION_FILE_PATH
  GOOGLE_ADS_IMPERSONATED_EMAIL META_APP_ID META_PIXEL_ID DATABASE_URI DATABASE_HOST DATABASE_URLS REDIS_URI API_KEY APIKEY SECRET_KEY
  LOGLEVEL LOG_FORMAT LOG_FILE DATADIR DB_URL PORTS HOSTS SORT POST STORAGE WORKER WEB_CONCURRENCY SANDBOX_HOST SANDBOX_ID
  CONNECTOR_URL OAUTH_CLIENT OAUTH_CLIENT_ID NOTIFY_URLS PUBLIC_URI ENCRYPTIONKEY LOG_LEVELS LOG_LEVEL1 AI_KEYS GOOGLE_OAUTH_URI port host store http_proxy no_proxy HTTP_PROXY
`
  .trim()
  .split(/\s+/)

describe('names of the variables of commands', () => {
  const saidOfClient = (...names: string[]) =>
    mistypedOfClient(Object.fromEntries(names.map((name) => [name, '1'])))

  it.each([
    ['BIDWARDEN_URLL', 'BIDWARDEN_URL'],
    ['BIDWARDEN_ULR', 'BIDWARDEN_URL'],
    ['BIDWARDEN_API_KEY', 'BIDWARDEN_KEY'],
    ['BIDWARDN_KEY', 'BIDWARDEN_KEY'],
    ['bidwarden_url', 'BIDWARDEN_URL'],
    ['PORTT', 'PORT'],
    ['PUBLIC_ULR', 'PUBLIC_URL'],
  ])('that are mistyped are told with the nearest: %s', (name, meant) => {
    expect(saidOfClient(name)).toEqual([`${name}: is no variable that is read; did you mean ${meant}?`])
  })

  it('are not those of the service or of other programs', () => {
    expect(saidOfClient(...known, ...OTHERS)).toEqual([])
    expect(mistypedOfClient({ BIDWARDEN_URLL: '', BIDWARDEN_PORT: 'tcp://10.0.0.1:8003' })).toEqual([])
  })
})

describe('names of variables', () => {
  it.each([
    ['GOOGLE_ADS_BUGDET', 'GOOGLE_ADS_BUDGET'],
    ['GOOGLE_ADS_BUDGTE', 'GOOGLE_ADS_BUDGET'],
    ['GOOGLE_ADS_BUDGETS', 'GOOGLE_ADS_BUDGET'],
    ['GOOGLEADS_BUDGET', 'GOOGLE_ADS_BUDGET'],
    ['google_ads_budget', 'GOOGLE_ADS_BUDGET'],
    ['META-BUDGET', 'META_BUDGET'],
    ['\uFEFFPORT', 'PORT'],
    ['MAX_BIDS', 'MAX_BID'],
    ['MAX_BDI', 'MAX_BID'],
    ['PROT', 'PORT'],
    ['REDIS_ULR', 'REDIS_URL'],
    ['PORTT', 'PORT'],
    ['WORKERRS', 'WORKERS'],
    ['ENCRYPTON_KEY', 'ENCRYPTION_KEY'],
    ['ENCRIPTION_KEY', 'ENCRYPTION_KEY'],
    ['DATABBASE_URL', 'DATABASE_URL'],
    ['LOG_LEVLE', 'LOG_LEVEL'],
    ['LOG_LEVL', 'LOG_LEVEL'],
    ['S3_ACCES_KEY_ID', 'S3_ACCESS_KEY_ID'],
    ['MOCK_MOD', 'MOCK_MODE'],
    ['BUDGET_WINDOW_SECOND', 'BUDGET_WINDOW_SECONDS'],
    ['TRADEDESK_DAILY_BUDGET', 'TRADEDESK_BUDGET'],
    ['OPENRTB_MAX_SHARE', 'OPENRTB_BUDGET'],
    ['BIDWARDEN_MAX_BID', 'MAX_BID'],
    ['BIDWARDEN_PORT', 'PORT'],
  ])('that are mistyped are told with the nearest: %s', (name, meant) => {
    const [said] = saidOf(name)
    expect(said).toMatch(new RegExp(`^${name}: is no variable that is read; did you mean [A-Z0-9_]+\\?$`))
    if (name !== 'OPENRTB_MAX_SHARE') expect(said).toContain(`did you mean ${meant}?`)
    expect(() => parseConfig({ [name]: '1' })).toThrow(`${name}: is no variable`)
  })

  it('of our own are never taken for mistyped ones', () => {
    expect(saidOf(...known)).toEqual([])
  })

  it.each(known.filter((name) => name.length >= 10))(
    'find %s with any two neighbours in the wrong order',
    (name) => {
      for (let i = 0; i + 1 < name.length; i++) {
        const swapped = name.slice(0, i) + name[i + 1] + name[i] + name.slice(i + 2)
        if (swapped !== name) expect(saidOf(swapped), swapped).toHaveLength(1)
      }
    },
  )

  it('of others are left alone', () => {
    expect(saidOf(...OTHERS)).toEqual([])
    const links = {
      BIDWARDEN_PORT: 'tcp://10.96.0.7:8003',
      BIDWARDEN_NAME: '/web/bidwarden',
      OPENRTB_PORT: 'tcp://10.96.0.8:80',
    }
    expect(mistypedNames(links, known)).toEqual([])
  })

  it.each([
    ['API_KEY', 'API_KEYS'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['DATADIR', 'DATA_DIR'],
    ['NOTIFY_URLS', 'NOTIFY_URL'],
  ])('that others have too are told at the start, and stop nothing: %s', (name, meant) => {
    const [said, ...more] = parseConfig({ [name]: 'a-secret' }).doubtfulNames
    expect(said).toBe(
      `${name} is not read and ${meant} is not set; if ${name} is meant for this service, its name is ${meant}`,
    )
    expect(more).toEqual([])
    expect(doubtfulNames({ [name]: 'a', [meant]: 'b' })).toEqual([])
    expect(doubtfulNames({ [name]: '' })).toEqual([])
    expect(known).toContain(meant)
    expect(known).not.toContain(name)
  })

  it('that are set to nothing are not set', () => {
    expect(mistypedNames({ GOOGLE_ADS_BUGDET: '' }, known)).toEqual([])
  })

  it('are told without their values', () => {
    expect(() => parseConfig({ META_ACCES_TOKEN: 'EAAB-very-secret' })).toThrow(
      /^(?!.*very-secret).*META_ACCESS_TOKEN/s,
    )
  })
})
