import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { run } from './command.ts'

const registry = ['docker-registry', 'apache2-utils', 'openssl', 'util-linux']
const purposes = {
  /** a Kubernetes node in a network namespace */
  lab: [
    'containerd',
    'runc',
    'containernetworking-plugins',
    'iptables',
    'conntrack',
    'iproute2',
    'ipset',
    'openssl',
    'unzip',
    'gcc',
    'libc6-dev',
    'procps',
    'util-linux',
  ],
  /** container images without a Docker engine */
  images: ['mmdebstrap', 'buildah', 'skopeo', 'g++', 'make', 'python3-minimal'],
  /** root file systems of releases of Debian, for two kinds of processors */
  roots: ['mmdebstrap', 'qemu-user-static'],
  /** real registries */
  registry,
  /** a real forward proxy */
  proxy: ['squid'],
  /** a real browser */
  browser: ['chromium', 'fonts-dejavu-core'],
  /** what the benchmarks measure with */
  bench: [...registry, 'skopeo', 'unzip', 'curl', 'time'],
  /** what the integration tests call without a cluster */
  integration: [
    ...registry,
    'skopeo',
    'unzip',
    'nftables',
    'nginx-light',
    'libnginx-mod-stream',
    'openssh-client',
    'openssh-sftp-server',
    'containerd',
    'postgresql',
  ],
} as const

export type Purpose = keyof typeof purposes

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
const format = '${Package} ${db:Status-Status}\\n'

/** The packages of `purposes` that this machine lacks. */
export async function missingPackages(...wanted: Purpose[]): Promise<string[]> {
  const names = [...new Set(wanted.flatMap((purpose) => purposes[purpose] as readonly string[]))]
  // headers come with some packages of Node and not with Debian's own; the editor's native parts are compiled with them
  if (wanted.includes('images') && !existsSync('/usr/include/node/node_api.h')) names.push('libnode-dev')
  const listed = await run('dpkg-query', ['--show', '--showformat', format, ...names]).catch(
    // dpkg-query fails as soon as one name is unknown to it, so ask for all that it knows
    () => run('dpkg-query', ['--show', '--showformat', format]),
  )
  const installed = new Set(
    listed.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  )
  return names.filter((name) => !installed.has(name))
}

/**
 * Installs the Debian packages of `purposes` where they are missing, without starting any service of theirs.
 * Errors: USAGE_LAB_PACKAGES when this is no Debian or not root; CLUSTER_LAB_COMMAND when apt-get fails.
 */
export async function ensurePackages(...wanted: Purpose[]): Promise<void> {
  if (!existsSync('/etc/debian_version'))
    throw new SealiftError('USAGE_LAB_PACKAGES', 'the lab needs Debian', {
      why: 'it installs Debian packages such as containerd and docker-registry',
      fix: 'run it on Debian 12 or later, for example in a virtual machine',
    })
  const missing = await missingPackages(...wanted)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0)
    throw new SealiftError('USAGE_LAB_PACKAGES', `packages are missing: ${missing.join(' ')}`, {
      why: 'only root can install them',
      fix: `sudo apt-get install --no-install-recommends ${missing.join(' ')}`,
    })
  await withoutServices(async () => {
    const apt = (...args: string[]) =>
      run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], {
        environment: { DEBIAN_FRONTEND: 'noninteractive' },
        timeout: 900_000,
      })
    await apt('update')
    await apt('install', '--yes', '--no-install-recommends', ...missing)
  })
}

const policy = '/usr/sbin/policy-rc.d'

/** Runs `work` while Debian's policy-rc.d forbids package scripts to start services (invoke-rc.d(8): exit 101). */
async function withoutServices(work: () => Promise<void>): Promise<void> {
  // a machine that has a policy of its own (most images do) keeps it
  const ours = await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
  try {
    await work()
  } finally {
    if (ours) await rm(policy)
  }
}
