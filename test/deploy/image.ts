import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Copy, DockerfileParser, type From, type Instruction } from 'dockerfile-ast'

/** What the last stage of a Dockerfile comes to. */
export interface Image {
  /** Root folder of what it adds to its base. */
  readonly root: string
  readonly user: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly healthCheck: readonly string[]
}

/** Folders of this machine that stand for those of the base image, as they are. */
const OF_BASE = ['usr', 'bin', 'lib', 'lib64', 'etc', 'sbin', 'proc', 'dev']
const NODE = 'node_modules/node/bin/node'

/**
 * Builds an image in folders, by the commands of its Dockerfile: each stage runs in a root of its own, over the programs of this
 * machine and with the Node of this repository. Needs root, as mounts do.
 * @param stages an empty folder
 */
export function buildImage(dockerfile: string, stages: string): Image {
  const rootOf = new Map<string, string>()
  let image = emptyImage(stages)
  let workFolder = '/'
  for (const instruction of DockerfileParser.parse(readFileSync(dockerfile, 'utf8')).getInstructions()) {
    const keyword = instruction.getKeyword()
    const said = contentOf(instruction)
    if (keyword === 'FROM') {
      const name = (instruction as From).getBuildStage() ?? 'image'
      image = emptyImage(join(stages, name))
      rootOf.set(name, image.root)
    } else if (keyword === 'WORKDIR') {
      workFolder = said
      mkdirSync(join(image.root, said), { recursive: true })
    } else if (keyword === 'COPY')
      copy(
        said,
        join(image.root, workFolder),
        rootOf.get((instruction as Copy).getFromFlag()?.getValue() ?? ''),
      )
    else if (keyword === 'RUN') runStep(image, `cd ${workFolder} && ${said}`)
    else image = withSetting(image, keyword, said)
  }
  return image
}

/** Runs a command of the Dockerfile as the user that it has by then, told as by any builder how this machine reaches the registry. */
function runStep(image: Image, command: string): void {
  const reaches = Object.entries(process.env).filter(([name]) => /CERT|PROXY|registry|cafile/i.test(name))
  const environment = { ...Object.fromEntries(reaches), ...image.environment }
  const step = inRoot({ ...image, environment }, ['sh', '-c', command], '')
  execFileSync(...step, { stdio: 'pipe', timeout: 300_000 })
}

/** A container of an image: it can write to `/data` and `/tmp` alone. */
export interface Container {
  readonly child: ChildProcess
  output(): string
}

/** @param data folder of this machine that is mounted at `/data` */
export function runContainer(
  image: Image,
  data: string,
  environment: Record<string, string>,
  command = [...image.entrypoint, ...image.command],
): Container {
  const merged = { ...image, environment: { ...image.environment, ...environment } }
  const child = spawn(...inRoot(merged, command, data), { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  return { child, output: () => output }
}

const emptyImage = (root: string): Image => {
  mkdirSync(root, { recursive: true })
  return { root, user: '0:0', environment: {}, entrypoint: [], command: [], healthCheck: [] }
}

/** What an instruction says, its lines joined and its flags left out where they stand before a list. */
const contentOf = (instruction: Instruction): string =>
  (instruction.getRawArgumentsContent() ?? '').replace(/\\\n\s*/g, '')

function withSetting(image: Image, keyword: string, said: string): Image {
  const list = (): string[] => JSON.parse(said.slice(said.indexOf('[')))
  if (keyword === 'USER') return { ...image, user: said }
  if (keyword === 'ENTRYPOINT') return { ...image, entrypoint: list() }
  if (keyword === 'CMD') return { ...image, command: list() }
  if (keyword === 'HEALTHCHECK') return { ...image, healthCheck: list() }
  if (keyword !== 'ENV') return image
  const added = Object.fromEntries([...said.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]))
  return { ...image, environment: { ...image.environment, ...added } }
}

/** @param stage root of the stage that is copied from; undefined for what is sent to the builder */
function copy(said: string, into: string, stage: string | undefined): void {
  const paths = said.trim().split(/\s+/)
  const target = paths.pop() ?? ''
  for (const path of paths) {
    const to = join(into, target, target.endsWith('/') ? basename(path) : '')
    const isSent = (file: string) => stage !== undefined || !isIgnored(file)
    cpSync(join(stage ?? '', path), to, { recursive: true, verbatimSymlinks: true, filter: isSent })
  }
}

/** By .dockerignore, of what is below a folder that it lets through. */
const isIgnored = (file: string): boolean =>
  /(^|\/)(node_modules|dist)(\/|$)|\.(test|proof|test-support)\.ts$/.test(file)

/**
 * The program and its arguments that run a command in the root of an image: over the programs of this machine, as the image's user, with
 * its environment alone. With `data` everything else is read-only, as a container with a read-only root has it.
 */
function inRoot(image: Image, command: readonly string[], data: string): [string, string[]] {
  const script = join(image.root, '../run.sh')
  writeFileSync(script, SCRIPT)
  chmodSync(script, 0o755)
  const variables = Object.entries({
    PATH: '/opt/node:/usr/local/bin:/usr/bin:/bin',
    HOME: '/tmp',
    ...image.environment,
  })
  const said = variables.map(([name, value]) => `${name}=${value}`)
  const settings = [image.root, NODE, data, image.user, OF_BASE.join(' ')]
  return [
    'unshare',
    ['--mount', '--propagation', 'private', script, ...settings, 'env', '-i', ...said, ...command],
  ]
}

const SCRIPT = `#!/bin/sh
set -e
image=$1 node=$2 data=$3 user=$4 base=$5
shift 5
root=$(mktemp -d "$(dirname "$image")/root.XXXXXX")
mount -t tmpfs tmpfs "$root"
for folder in $base; do
  [ -e "/$folder" ] || continue
  if [ -L "/$folder" ]; then cp -P "/$folder" "$root/$folder"; else mkdir "$root/$folder"; mount --rbind "/$folder" "$root/$folder"; fi
done
mkdir -p "$root/opt/node" "$root/tmp" "$root/data" "$image/app"
chmod 1777 "$root/tmp"
touch "$root/opt/node/node"
mount --bind "$node" "$root/opt/node/node"
mkdir "$root/app"
mount --bind "$image/app" "$root/app"
if [ -n "$data" ]; then
  mount --bind "$data" "$root/data"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mount -o remount,bind,ro "$root/app"
  mount -o remount,ro "$root"
fi
exec chroot --userspec="$user" "$root" "$@"
`
