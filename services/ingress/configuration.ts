import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Certificate } from './certificate.ts'
import { selfSigned } from './default-certificate.ts'
import type { Model } from './model.ts'
import type { Places } from './preamble.ts'
import { render } from './render.ts'

/** NGINX's configuration on disk. `nginx.conf` there is always one that NGINX has accepted. */
export interface Configuration {
  readonly file: string
  readonly revision: string
  /**
   * Writes a model's configuration beside the current one, has NGINX test it, and puts it in its place. Returns false
   * when nothing changed. Throws with NGINX's words when it refuses; the current configuration then stays.
   */
  replace(model: Model, certificates: readonly Certificate[]): Promise<boolean>
  /** Has NGINX ask clients to come back over another connection: of the workers of one revision, or of this pod for good. */
  sayFarewell(revision?: string): Promise<void>
  /** Removes the certificates that the current configuration does not name, and the farewells of revisions. */
  sweep(): Promise<void>
}

export type ConfigurationPlaces = Omit<
  Places,
  'revision' | 'tlsFolder' | 'defaultCertificate' | 'pidFile' | 'farewellFile'
>

/** Makes the folders, a default certificate, and a first configuration that serves nothing but 404. */
export async function createConfiguration(
  folder: string,
  binary: string,
  given: ConfigurationPlaces,
): Promise<Configuration> {
  const tlsFolder = join(folder, 'tls')
  const defaultCertificate = join(tlsFolder, 'default.pem')
  const farewellFile = join(folder, 'farewell')
  const fixed = { ...given, tlsFolder, defaultCertificate, farewellFile, pidFile: join(folder, 'nginx.pid') }
  const file = join(folder, 'nginx.conf')
  const written = new Set<string>()
  let current = ''
  let revision = ''

  await mkdir(tlsFolder, { recursive: true, mode: 0o700 })
  await mkdir(given.temporary, { recursive: true, mode: 0o700 })
  await writeFile(defaultCertificate, selfSigned(new Date()), { mode: 0o600 })

  const sweepFarewells = async () => {
    for (const name of await readdir(folder))
      if (name.startsWith(`${basename(farewellFile)}-`)) await rm(join(folder, name), { force: true })
  }
  // the folder outlives the process
  await rm(farewellFile, { force: true })
  await sweepFarewells()

  const replace: Configuration['replace'] = async (model, certificates) => {
    const body = render(model, { ...fixed, revision: '' })
    if (body === current) return false
    for (const certificate of certificates) {
      if (written.has(certificate.file)) continue
      await writeFile(join(tlsFolder, certificate.file), certificate.pem, { mode: 0o600 })
      written.add(certificate.file)
    }
    const next = createHash('sha256').update(body).digest('hex').slice(0, 16)
    const candidate = join(folder, 'candidate.conf')
    await writeFile(candidate, render(model, { ...fixed, revision: next }), { mode: 0o600 })
    await test(binary, candidate)
    await rename(candidate, file)
    current = body
    revision = next
    return true
  }
  await replace({ servers: [], upstreams: [], streams: [] }, [])

  return {
    file,
    get revision() {
      return revision
    },
    replace,
    sayFarewell: (of) => writeFile(of === undefined ? farewellFile : `${farewellFile}-${of}`, ''),
    async sweep() {
      await sweepFarewells()
      for (const name of await readdir(tlsFolder)) {
        if (name === 'default.pem' || current.includes(name)) continue
        await rm(join(tlsFolder, name), { force: true })
        written.delete(name)
      }
    },
  }
}

/** How long NGINX may take to read a configuration, in milliseconds. */
const testMs = 30_000

/** Has NGINX read a configuration and the files it names. Throws with NGINX's last words when it refuses. */
async function test(binary: string, file: string): Promise<void> {
  // Its standard output is ours, as when it serves: the log that the configuration names is opened here too.
  const child = spawn(binary, ['-t', '-q', '-e', 'stderr', '-c', file], {
    stdio: ['ignore', 'inherit', 'pipe'],
    timeout: testMs,
  })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const said = (await text(child.stderr)).slice(0, 100_000)
  const [code, signal] = await ended
  if (code === 0) return
  const why = said.trim().split('\n').slice(-3).join(' ').slice(0, 500)
  throw new Error(`nginx refuses the configuration (${signal ?? code}): ${why}`)
}
