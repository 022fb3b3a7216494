import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { cacheDirectory, makeFile } from '../images/cache.ts'
import { runCommand } from '../images/command.ts'
import { nodeVersion, type Platform, platforms } from './platforms.ts'

export interface PinnedNode {
  platform: Platform
  /** paths of the executable and of its license */
  executable: string
  license: string
}

/**
 * Puts Node for a platform into a directory. Its package comes from the npm registry once and stays in the cache; it is
 * proven against `platforms` each time.
 * @throws SealiftError BUILD_NODE where it has another hash, or this process is another version; BUILD_COMMAND where it
 * can't be had
 */
export async function pinnedNode(platform: Platform, directory: string): Promise<PinnedNode> {
  const refuse = (what: string, why: string, fix: string) => new SealiftError('BUILD_NODE', what, { why, fix })
  if (process.version !== `v${nodeVersion}`)
    throw refuse(
      `this is Node ${process.version}`,
      `the executable is made with ${nodeVersion}`,
      'npm ci; npm run build',
    )
  const name = `node-${platform}`
  const archive = join(cacheDirectory(), 'node', `${name}-${nodeVersion}.tgz`)
  if (!existsSync(archive)) await makeFile(archive, (temporary) => download(name, temporary))
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`
  if (integrity !== platforms[platform])
    throw refuse(
      `Node ${nodeVersion} for ${platform} is not the one that is pinned`,
      `${archive} has ${integrity}, manifests/executable/platforms.ts says ${platforms[platform]}`,
      `rm ${archive}`,
    )
  const into = await mkdtemp(join(directory, `${name}-`))
  // docs.npmjs.com/cli/commands/npm-pack: everything of a package is below this name
  const [executable, license] = ['package/bin/node', 'package/LICENSE'] as const
  await runCommand('tar', ['-xzf', archive, '-C', into, executable, license])
  return { platform, executable: join(into, executable), license: join(into, license) }
}

/** npm and not a URL: it knows the registry of this machine, its login and its proxy. */
async function download(name: string, path: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sealift-node-'))
  try {
    await runCommand('npm', ['pack', `${name}@${nodeVersion}`, '--silent', '--pack-destination', directory])
    await copyFile(join(directory, `${name}-${nodeVersion}.tgz`), path)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
