import { createHash } from 'node:crypto'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory, makeFile } from '../../manifests/images/cache.ts'
import { run } from './command.ts'
import { ensurePackages } from './packages.ts'

/** Releases of Debian by what they are called at its mirrors. */
export const debian = { 11: 'bullseye', 12: 'bookworm', 13: 'trixie' } as const

/**
 * What `apt` needs and nothing else, as the release came: its security fixes may lack an architecture, and older libraries
 * prove more. Nothing in it is run, so that it can be made for another processor.
 */
const args = [
  '--mode=root',
  '--format=tar',
  '--variant=extract',
  '--include=?essential',
  '--include=apt',
  '--setup-hook=sed -i /security/d "$1"/etc/apt/sources.list',
]

/**
 * The path of a tar archive with the smallest root that a release of Debian has, for an architecture as Debian names it. It
 * is made once, from the mirror that the machine uses, and kept in the cache.
 * @throws SealiftError USAGE_LAB_PACKAGES, CLUSTER_LAB_COMMAND
 */
export async function minimalRoot(suite: string, architecture: 'amd64' | 'arm64'): Promise<string> {
  const key = createHash('sha256').update(args.join()).digest('hex').slice(0, 8)
  const path = join(cacheDirectory(), 'minimal-root', `${suite}-${architecture}-${key}.tar`)
  // the emulator too
  await ensurePackages('roots')
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) return path
  await makeFile(path, async (temporary) => {
    await run('mmdebstrap', [...args, `--architectures=${architecture}`, suite, temporary], { timeout: 300_000 })
  })
  return path
}
