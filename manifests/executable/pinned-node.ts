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
  /** paths of the program and of its license */
  program: string
  license: string
}

/**
 * Puts Node for a platform into a directory. Its package comes from the npm registry once and stays in the cache; it is
 * proven against `platforms` each time.
 * @throws SealiftError BUILD_NODE where it has another hash, BUILD_COMMAND where it can't be had
 */
export async function pinnedNode(platform: Platform, directory: string): Promise<PinnedNode> {
  const name = `node-${platform}`
  const archive = join(cacheDirectory(), 'node', `${name}-${nodeVersion}.tgz`)
  if (!existsSync(archive)) await makeFile(archive, (temporary) => download(name, temporary))
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`
  if (integrity !== platforms[platform])
    throw new SealiftError('BUILD_NODE', `Node ${nodeVersion} for ${platform} is not the one that is pinned`, {
      why: `${archive} has ${integrity}, manifests/executable/platforms.ts says ${platforms[platform]}`,
      fix: `rm ${archive}`,
    })
  // https://docs.npmjs.com/cli/commands/npm-pack: everything of a package is below this name
  const [program, license] = ['package/bin/node', 'package/LICENSE'] as const
  await runCommand('tar', ['-xzf', archive, '-C', directory, program, license])
  return { program: join(directory, program), license: join(directory, license) }
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
