import { join } from 'node:path'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { cached, hashInputs } from '../lab/cache.ts'
import { run } from '../lab/command.ts'

/** Programs that are built from Go modules, each at one version; `main` is the package's directory in the module. */
const modules = {
  crane: { module: 'github.com/google/go-containerregistry', main: 'cmd/crane', version: 'v0.22.1' },
  oras: { module: 'oras.land/oras', main: 'cmd/oras', version: 'v1.3.6' },
  regctl: { module: 'github.com/regclient/regclient', main: 'cmd/regctl', version: 'v0.11.7' },
  imgpkg: { module: 'carvel.dev/imgpkg', main: 'cmd/imgpkg', version: 'v0.46.1' },
} as const

export type PeerName = keyof typeof modules

export type Peer = { version: string; path: string } | { missing: string }

/** milliseconds for one build */
const limit = 30 * 60_000

/** The program of a peer, built where the cache lacks it (minutes); or why it can't be had. */
export async function peer(name: PeerName, log: (line: string) => void): Promise<Peer> {
  const { module, main, version } = modules[name]
  try {
    const go = await run('go', ['env', 'GOVERSION'])
    const directory = await cached(`peer-${name}-${hashInputs([module, main, version, go])}`, limit, async (made) => {
      log(`building ${name} ${version}`)
      await build(`${module}@${version}`, main, join(made, name))
    })
    return { version, path: join(directory, name) }
  } catch (error) {
    const { message, why = '' } = error as SealiftError
    return { missing: `${name} ${version} could not be built: ${message}: ${why}`.replaceAll(/\s+/g, ' ') }
  }
}

/**
 * Builds a program in its module's own directory: with what its go.mod replaces (`go install` refuses that) and with
 * the dependencies that its go.sum names. Go proves the module itself by its checksum database.
 */
async function build(module: string, main: string, file: string): Promise<void> {
  const download = await run('go', ['mod', 'download', '-json', module], { timeout: limit })
  const { Dir: directory } = JSON.parse(download) as { Dir: string }
  // some modules carry a list of vendored packages without the packages
  await run('go', ['build', '-mod=readonly', '-o', file, `./${main}`], {
    directory,
    timeout: limit,
    environment: { CGO_ENABLED: '0' },
  })
}

/** Debian's skopeo. */
export async function skopeo(): Promise<Peer> {
  return await run('skopeo', ['--version']).then(
    (text) => ({ version: text.trim().split(' ').at(-1) ?? '', path: 'skopeo' }),
    () => ({ missing: 'skopeo is not installed: apt-get install skopeo' }),
  )
}
