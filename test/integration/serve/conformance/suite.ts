import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, hashInputs } from '../../../lab/cache.ts'
import { run } from '../../../lab/command.ts'

const sources = import.meta.dirname

/** Why the suite cannot be built here; undefined where it can. */
export const obstacle = (): Promise<string | undefined> =>
  run('go', ['version']).then(
    () => undefined,
    () => 'Go is missing: it builds the OCI conformance suite',
  )

/** Path of the OCI distribution conformance suite, built from the version that go.mod and go.sum pin. */
export async function suiteBinary(): Promise<string> {
  const inputs = await Promise.all(['go.mod', 'go.sum'].map((file) => readFile(join(sources, file))))
  const key = `conformance-${hashInputs([...inputs, await run('go', ['version'])])}`
  const directory = await cached(key, 600_000, async (made) => {
    const module = 'github.com/opencontainers/distribution-spec/conformance'
    await run('go', ['build', '-mod=readonly', '-o', join(made, 'conformance'), module], {
      directory: sources,
      timeout: 600_000,
      environment: { CGO_ENABLED: '0' },
    })
  })
  return join(directory, 'conformance')
}
