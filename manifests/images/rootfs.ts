import { createHash } from 'node:crypto'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory, makeFile } from './cache.ts'
import { runCommand } from './command.ts'

/** Releases of Debian: 13, on which the platform stands, and 12, which has PostgreSQL 15. */
export type Suite = 'trixie' | 'bookworm'

/** Seconds since 1970 for whatever asks for a time during a build (reproducible-builds.org, SOURCE_DATE_EPOCH). */
export const sourceDate = '86400'

const left = ['man/*', 'doc/*', 'locale/*', 'info/*', 'lintian/*', 'bug/*', 'i18n/*']

/** Licenses stay: they must accompany the programs. The same rules hold for packages that a Dockerfile adds later. */
const args: readonly string[] = [
  '--mode=root',
  '--format=tar',
  '--variant=minbase',
  '--include=ca-certificates',
  '--aptopt=Acquire::Languages "none"',
  '--aptopt=Acquire::Retries "3"',
  '--aptopt=APT::Install-Recommends "false"',
  ...left.map((path) => `--dpkgopt=path-exclude=/usr/share/${path}`),
  '--dpkgopt=path-include=/usr/share/doc/*/copyright',
  '--customize-hook=rm -f "$1"/etc/hostname "$1"/etc/resolv.conf "$1"/var/cache/ldconfig/aux-cache',
  '--customize-hook=rm -f "$1"/etc/passwd- "$1"/etc/group- "$1"/etc/shadow- "$1"/etc/.pwd.lock "$1"/var/lib/dpkg/*-old "$1"/var/cache/debconf/*',
  '--customize-hook=: >"$1"/etc/machine-id',
]

/**
 * The path of a tar archive with Debian's root file system, made by mmdebstrap once for each set of parameters. It is as
 * old as the cache: remove `<cache>/rootfs` to take in newer packages.
 */
export async function rootFileSystem(suite: Suite, log: (line: string) => void, signal?: AbortSignal): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([suite, sourceDate, args]))
    .digest('hex')
    .slice(0, 16)
  const path = join(cacheDirectory(), 'rootfs', `${suite}-${process.arch}-${key}.tar`)
  const there = await access(path).then(
    () => true,
    () => false,
  )
  if (there) return path
  log(`rootfs: making Debian ${suite} with mmdebstrap (about a minute)`)
  await makeFile(path, async (temporary) => {
    await runCommand('mmdebstrap', [...args, suite, temporary], { env: { SOURCE_DATE_EPOCH: sourceDate }, signal })
  })
  return path
}
