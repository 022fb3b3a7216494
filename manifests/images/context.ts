import { realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildDashboard } from '../../services/dashboard/web/build.ts'
import { bundledPackages, distinct, type NpmPackage } from '../sbom/npm.ts'
import { bundleService } from './bundle-service.ts'
import { type ImageName, imageNamed } from './catalog.ts'
import { codeServer } from './code-server.ts'
import { rootFileSystem, type Suite } from './rootfs.ts'
import { type Entry, readEntry, readTree, type Tree } from './tree.ts'

const here = dirname(fileURLToPath(import.meta.url))
const services = join(here, '../../services')
const resolve = createRequire(join(services, 'package.json')).resolve
const pty = '@lydell/node-pty'

const folderOf = (name: ImageName): string => join(here, imageNamed(name).folder ?? name)

/** The Dockerfile of an image. */
export const dockerfileOf = (name: ImageName): string => join(folderOf(name), 'Dockerfile')

/** What an image's Dockerfile copies. */
export interface Context {
  tree: Tree
  /** the npm packages that became part of a script, and that nobody could find in the image any more */
  bundled: readonly NpmPackage[]
}

/** Tells what is in an image's context: the files beside its Dockerfile, and what is made first, into `scratch`. */
export async function contextOf(
  name: ImageName,
  scratch: string,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<Context> {
  const beside = await readTree(folderOf(name), (path) => path !== dockerfileOf(name))
  const made = await makers[name]?.(scratch, log, signal)
  return made ? { ...made, tree: new Map([...beside, ...made.tree]) } : { tree: beside, bundled: [] }
}

type Maker = (scratch: string, log: (line: string) => void, signal?: AbortSignal) => Promise<Context>

/** A maker of something that is there as it is. */
const found =
  (name: string, find: (...of: Parameters<Maker>) => Promise<Entry>): Maker =>
  async (...of) => ({ tree: new Map([[name, await find(...of)]]), bundled: [] })

const service =
  (name: ImageName, more?: Maker, external: readonly string[] = []): Maker =>
  async (scratch, log, signal) => {
    const script = join(scratch, 'server.mjs')
    const metafile = await bundleService(join(services, name, 'server.ts'), script, external)
    const others = await more?.(scratch, log, signal)
    return {
      tree: new Map([['server.mjs', await readEntry(script)], ...(others?.tree ?? [])]),
      bundled: distinct([...(await bundledPackages(metafile, process.cwd())), ...(others?.bundled ?? [])]),
    }
  }

const root = (suite: Suite): Maker =>
  found('rootfs.tar', async (_, log, signal) => readEntry(await rootFileSystem(suite, log, signal)))

const makers: Partial<Record<ImageName, Maker>> = {
  rootfs: root('trixie'),
  'rootfs-bookworm': root('bookworm'),
  runtime: found('node', async () => readEntry(await realpath(resolve('node/bin/node')))),
  manager: service(
    'manager',
    found('migrations', () => readTree(join(services, 'manager/migrations'))),
  ),
  envproxy: service('envproxy'),
  dashboard: service('dashboard', async (scratch) => {
    const pages = join(scratch, 'public')
    const { metafile, workingDirectory } = await buildDashboard(pages)
    return {
      tree: new Map([['public', await readTree(pages)]]),
      bundled: await bundledPackages(metafile, workingDirectory),
    }
  }),
  ingress: service('ingress'),
  editor: found('code-server', async (_, log, signal) => readTree(await codeServer(log, signal))),
  workspace: service('workspace', found('node_modules', terminalPart), [pty, `${pty}-*`]),
}

/** The terminal's native part, without what only Windows needs. */
async function terminalPart(): Promise<Tree> {
  const scope: Tree = new Map()
  for (const name of [pty, `${pty}-${process.platform}-${process.arch}`]) {
    const from = dirname(resolve(`${name}/package.json`))
    scope.set(basename(name), await readTree(from, (path) => !/\.(d\.ts|md)$|\/(windows|conpty)[^/]*$/.test(path)))
  }
  return new Map([[dirname(pty), scope]])
}
