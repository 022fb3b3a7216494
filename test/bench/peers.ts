import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, hashInputs } from '../lab/cache.ts'
import { run } from '../lab/command.ts'
import { goProgram } from '../lab/go-program.ts'

/** Programs that are built from Go modules, each at one version. */
const modules = {
  crane: { path: 'github.com/google/go-containerregistry/cmd/crane', version: 'v0.22.1' },
  oras: { path: 'oras.land/oras/cmd/oras', version: 'v1.3.6' },
  regctl: { path: 'github.com/regclient/regclient/cmd/regctl', version: 'v0.11.7' },
  imgpkg: { path: 'carvel.dev/imgpkg/cmd/imgpkg', module: 'carvel.dev/imgpkg', version: 'v0.46.1' },
} as const

export type PeerName = keyof typeof modules

export type Peer = { version: string; path: string } | { missing: string }

/** The program of a peer, built where the cache lacks it (a minute or two each); or why it can't be had. */
export async function peer(name: PeerName, log: (line: string) => void): Promise<Peer> {
  const { path, version, ...rest } = modules[name]
  try {
    if (!('module' in rest)) return { version, path: await goProgram({ name, path, version }, log) }
    const go = await run('go', ['env', 'GOVERSION'])
    const directory = await cached(
      `peer-${name}-${hashInputs([path, version, go])}`,
      15 * 60_000,
      async (directory) => {
        log(`building ${name} ${version}`)
        // its list of versions can't be read, so that `go install` does not find it: require it instead
        const build = { timeout: 15 * 60_000, environment: { CGO_ENABLED: '0', GOFLAGS: '' } }
        await buildRequired(rest.module, version, path, directory, build)
      },
    )
    return { version, path: join(directory, name) }
  } catch (error) {
    return { missing: `${name} ${version} could not be built: ${(error as Error).message}` }
  }
}

async function buildRequired(
  module: string,
  version: string,
  path: string,
  directory: string,
  options: { timeout: number; environment: Record<string, string> },
): Promise<void> {
  const source = join(directory, 'source')
  await mkdir(source)
  await writeFile(join(source, 'go.mod'), `module sealift.dev/bench\n\ngo 1.25\n\nrequire ${module} ${version}\n`)
  await run('go', ['build', '-mod=mod', '-o', `${directory}/`, path], { ...options, directory: source })
}

/** Debian's skopeo. */
export async function skopeo(): Promise<Peer> {
  return await run('skopeo', ['--version']).then(
    (text) => ({ version: text.trim().split(' ').at(-1) ?? '', path: 'skopeo' }),
    () => ({ missing: 'skopeo is not installed: apt-get install skopeo' }),
  )
}
