import { join } from 'node:path'
import { cached, hashInputs } from './cache.ts'
import { run } from './command.ts'

/** milliseconds for one build */
const limit = 15 * 60_000

export interface GoProgram {
  /** of the program, which is also the last part of `path` */
  name: string
  /** package of its main function */
  path: string
  version: string
}

/**
 * A program of a Go module at one version, built where the cache lacks it (a minute or two). Go proves what it downloads by
 * its checksum database. Returns the program's path.
 */
export async function goProgram({ name, path, version }: GoProgram, log: (line: string) => void): Promise<string> {
  const go = await run('go', ['env', 'GOVERSION'])
  const directory = await cached(`go-${name}-${hashInputs([path, version, go])}`, limit, async (directory) => {
    log(`building ${name} ${version}`)
    const environment = { GOBIN: directory, CGO_ENABLED: '0', GOFLAGS: '' }
    await run('go', ['install', `${path}@${version}`], { timeout: limit, environment })
  })
  return join(directory, name)
}

/** distribution 3, which Debian does not have yet. */
export const distribution3 = (log: (line: string) => void = () => {}): Promise<string> =>
  goProgram({ name: 'registry', path: 'github.com/distribution/distribution/v3/cmd/registry', version: 'v3.1.2' }, log)
