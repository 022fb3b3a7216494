import { createHash } from 'node:crypto'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory, makeFile } from '../../manifests/images/cache.ts'
import { run } from './command.ts'
import { ensurePackages } from './packages.ts'

/** Releases of Debian by what they are called at its mirrors. */
export const debian = { 11: 'bullseye', 12: 'bookworm', 13: 'trixie' } as const

/**
 * The path of a tar archive with the smallest root that a release of Debian has: what `apt` needs and nothing else. It is
 * made once, from the mirror that the machine uses, and kept in the cache.
 * @throws SealiftError USAGE_LAB_PACKAGES, CLUSTER_LAB_COMMAND
 */
export async function minimalRoot(suite: string): Promise<string> {
  const args = ['--mode=root', '--format=tar', '--variant=minbase']
  const key = createHash('sha256').update(args.join()).digest('hex').slice(0, 8)
  const path = join(cacheDirectory(), 'minimal-root', `${suite}-${process.arch}-${key}.tar`)
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) return path
  await ensurePackages('roots')
  await makeFile(path, async (temporary) => {
    await run('mmdebstrap', [...args, suite, temporary], { timeout: 300_000 })
  })
  return path
}
