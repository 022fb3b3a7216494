import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, hashInputs } from './cache.ts'
import { run } from './command.ts'

/** milliseconds for a download */
const limit = 5 * 60_000

/**
 * A squid that can open TLS. Debian builds it as a package of its own, which takes the place of the other: unpacked beside it,
 * it uses the files that the two share.
 */
export async function squidWithOpenssl(): Promise<{ program: string; certgen: string }> {
  // lines such as `Candidate: 5.7-2+deb12u6`
  const version = /Candidate: (\S+)/.exec(await run('apt-cache', ['policy', 'squid-openssl']))?.[1] ?? 'unknown'
  const directory = await cached(`squid-openssl-${hashInputs([version])}`, limit, async (directory) => {
    await run('apt-get', ['-q', 'download', 'squid-openssl'], { directory, timeout: limit })
    const [file = ''] = await readdir(directory)
    await run('dpkg', ['-x', join(directory, file), directory])
  })
  return {
    program: join(directory, 'usr/sbin/squid'),
    certgen: join(directory, 'usr/lib/squid/security_file_certgen'),
  }
}
