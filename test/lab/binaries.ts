import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { cached, hashInputs } from './cache.ts'
import { run } from './command.ts'
import { buildKubeRouter } from './network-policy.ts'

const sources = join(import.meta.dirname, 'kubernetes')
const coldBuild = 30 * 60_000
export const kubernetesVersion = 'v1.34.4'
export const corednsVersion = 'v1.12.4'

export type Binaries = { hyperkube: string; coredns: string; pause: string; probe: string; kubeRouter: string }

/** Paths of the lab's own programs, built from source where the cache lacks them (about 10 minutes on 2 cores). */
export async function buildBinaries(log: (line: string) => void): Promise<Binaries> {
  const go = await goVersion()
  return {
    hyperkube: await hyperkube(go, log),
    coredns: await coredns(go, log),
    pause: await pause(),
    probe: await probe(go),
    kubeRouter: await buildKubeRouter(go, log),
  }
}

async function goVersion(): Promise<string> {
  return await run('go', ['env', 'GOVERSION']).catch((cause: unknown) => {
    throw new SealiftError('CLUSTER_LAB_GO', 'the lab builds Kubernetes from source and needs Go', {
      why: 'the program go did not run',
      fix: 'install Go 1.24 or later',
      cause,
    })
  })
}

const source = (name: string) => readFile(join(sources, name))

async function goBuild(directory: string, name: string, linkerFlags: string, what: string): Promise<void> {
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', linkerFlags]
  await run('go', [...args, '-o', join(directory, name), what], {
    directory: sources,
    environment: { CGO_ENABLED: '0' },
    timeout: coldBuild,
  })
}

async function hyperkube(go: string, log: (line: string) => void): Promise<string> {
  const version = 'k8s.io/component-base/version'
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(kubernetesVersion) ?? []
  const flags = `-s -w -X ${version}.gitVersion=${kubernetesVersion} -X ${version}.gitMajor=${major} -X ${version}.gitMinor=${minor}`
  const inputs = await Promise.all(['go.mod', 'go.sum', 'main.go'].map(source))
  const directory = await cached(`hyperkube-${hashInputs([...inputs, go, flags])}`, coldBuild, async (target) => {
    log(`building Kubernetes ${kubernetesVersion} (about 6 minutes the first time)`)
    await goBuild(target, 'hyperkube', flags, '.')
  })
  return join(directory, 'hyperkube')
}

async function coredns(go: string, log: (line: string) => void): Promise<string> {
  const directory = await cached(`coredns-${hashInputs([corednsVersion, go])}`, coldBuild, async (target) => {
    log(`building CoreDNS ${corednsVersion} (about 2 minutes the first time)`)
    await run('go', ['install', '-trimpath', '-ldflags', '-s -w', `github.com/coredns/coredns@${corednsVersion}`], {
      environment: { CGO_ENABLED: '0', GOBIN: target },
      timeout: coldBuild,
    })
  })
  return join(directory, 'coredns')
}

async function pause(): Promise<string> {
  const directory = await cached(`pause-${hashInputs([await source('pause.c')])}`, 60_000, async (target) => {
    await run('gcc', ['-static', '-Os', '-s', '-o', join(target, 'pause'), join(sources, 'pause.c')])
  })
  return join(directory, 'pause')
}

async function probe(go: string): Promise<string> {
  const directory = await cached(`probe-${hashInputs([await source('probe/main.go'), go])}`, coldBuild, (target) =>
    goBuild(target, 'probe', '-s -w', './probe'),
  )
  return join(directory, 'probe')
}
