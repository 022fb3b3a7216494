import { createHash } from 'node:crypto'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runCommand } from './command.ts'

export interface Registry {
  /** `127.0.0.1:5000` */
  host: string
  /** PEM file with the CA of its certificate; without it the machine's own trust counts */
  caFile?: string | undefined
  username?: string | undefined
  password?: string | undefined
}

export interface Pusher {
  /** Pushes `name` of an OCI layout to `repository:tag`; false where the registry has that digest there already. */
  push(layout: string, name: string, digest: string, repository: string, tag: string): Promise<boolean>
}

/**
 * Lends a way to push to one registry. Credentials lie in a file of mode 0600, never in an argument, and are gone after.
 */
export async function withRegistry<T>(
  registry: Registry,
  work: (pusher: Pusher) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'sealift-push-'))
  try {
    const { host, caFile, username, password } = registry
    if (caFile !== undefined) await symlink(resolve(caFile), join(directory, 'ca.crt'))
    const auth = username === undefined ? undefined : Buffer.from(`${username}:${password ?? ''}`).toString('base64')
    const auths = auth === undefined ? {} : { [host]: { auth } }
    await writeFile(join(directory, 'auth.json'), JSON.stringify({ auths }), { mode: 0o600 })
    const access = (side: '' | 'dest-') => [
      `--${side}authfile=${join(directory, 'auth.json')}`,
      ...(caFile === undefined ? [] : [`--${side}cert-dir=${directory}`]),
    ]
    return await work({
      async push(layout, name, digest, repository, tag) {
        const target = `docker://${host}/${repository}:${tag}`
        // `inspect --raw` prints the manifest's own bytes
        const there = await runCommand('skopeo', ['inspect', '--raw', ...access(''), target], { signal }).catch(
          () => '',
        )
        if (`sha256:${createHash('sha256').update(there).digest('hex')}` === digest) return false
        const source = `oci:${layout}:${name}`
        await runCommand(
          'skopeo',
          ['--insecure-policy', 'copy', '--preserve-digests', '--quiet', ...access('dest-'), source, target],
          { signal },
        )
        return true
      },
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
