import { chmod, copyFile, cp, lstat, mkdir, readdir, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildDashboard } from '../../services/dashboard/web/build.ts'
import { bundledPackages, distinct, type NpmPackage } from '../sbom/npm.ts'
import { bundleService } from './bundle-service.ts'
import type { ImageName } from './catalog.ts'
import { codeServer } from './code-server.ts'
import { rootFileSystem } from './rootfs.ts'

const here = dirname(fileURLToPath(import.meta.url))
const services = join(here, '../../services')
const resolve = createRequire(join(services, 'package.json')).resolve
const pty = '@lydell/node-pty'

/** The Dockerfile of an image. */
export const dockerfileOf = (name: ImageName): string => join(here, name, 'Dockerfile')

/**
 * Fills `directory` with what an image's Dockerfile copies: the files beside it, and what is made first (the root file
 * system, bundled services). Modes are the same whatever the checkout's umask was. Returns the npm packages that became
 * part of a script, and that nobody could find in the image any more.
 */
export async function stageContext(
  name: ImageName,
  directory: string,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<readonly NpmPackage[]> {
  await mkdir(directory, { recursive: true })
  for (const file of await readdir(join(here, name)))
    if (file !== 'Dockerfile') await cp(join(here, name, file), join(directory, file), { recursive: true })
  const bundled = (await makers[name]?.(directory, log, signal)) ?? []
  await sameModes(directory)
  return bundled
}

/** Returns the npm packages that it made part of scripts. */
type Maker = (directory: string, log: (line: string) => void, signal?: AbortSignal) => Promise<readonly NpmPackage[]>

/** A maker that only copies. */
const copying =
  (copy: (...of: Parameters<Maker>) => Promise<void>): Maker =>
  async (...of) => {
    await copy(...of)
    return []
  }

const service =
  (name: ImageName, more?: Maker, external: readonly string[] = []): Maker =>
  async (directory, log, signal) => {
    const metafile = await bundleService(join(services, name, 'server.ts'), join(directory, 'server.mjs'), external)
    const others = (await more?.(directory, log, signal)) ?? []
    return distinct([...(await bundledPackages(metafile, process.cwd())), ...others])
  }

const makers: Partial<Record<ImageName, Maker>> = {
  rootfs: copying(async (directory, log, signal) => {
    await copyFile(await rootFileSystem(log, signal), join(directory, 'rootfs.tar'))
  }),
  runtime: copying(async (directory) => {
    await copyFile(await realpath(resolve('node/bin/node')), join(directory, 'node'))
  }),
  manager: service(
    'manager',
    copying(async (directory) => {
      await cp(join(services, 'manager/migrations'), join(directory, 'migrations'), { recursive: true })
    }),
  ),
  envproxy: service('envproxy'),
  dashboard: service('dashboard', async (directory) => {
    const { metafile, workingDirectory } = await buildDashboard(join(directory, 'public'))
    return await bundledPackages(metafile, workingDirectory)
  }),
  ingress: service('ingress'),
  editor: copying(async (directory, log, signal) => {
    const from = await codeServer(log, signal)
    await cp(from, join(directory, 'code-server'), { recursive: true, verbatimSymlinks: true })
  }),
  workspace: service('workspace', copying(copyPty), [pty, `${pty}-*`]),
}

/** The terminal's native part, without what only Windows needs. */
async function copyPty(directory: string): Promise<void> {
  for (const name of [pty, `${pty}-${process.platform}-${process.arch}`]) {
    const from = dirname(resolve(`${name}/package.json`))
    await cp(from, join(directory, 'node_modules', name), {
      recursive: true,
      filter: (path) => !/\.(d\.ts|md)$|\/(windows|conpty)[^/]*$/.test(path),
    })
  }
}

async function sameModes(path: string): Promise<void> {
  const info = await lstat(path)
  if (info.isSymbolicLink()) return
  await chmod(path, info.isDirectory() || (info.mode & 0o100) !== 0 ? 0o755 : 0o644)
  if (info.isDirectory()) for (const name of await readdir(path)) await sameModes(join(path, name))
}
