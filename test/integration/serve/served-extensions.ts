import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { serverCertificates } from '../../../installer/src/serve/certificates.ts'
import { writeAddress } from '../../../installer/src/serve/listen.ts'
import { serveBundles } from '../../../installer/src/serve/serve.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallRelease } from '../../fixtures/release.ts'

/** What a test sees of a bundle with extensions that is served. */
export type ServedExtensions = {
  /** base of the gallery, as editors are given it */
  url: string
  /** of the CA that signed its certificate */
  caPath: string
  /** statuses and paths of what was asked for */
  asked: string[]
  close: () => Promise<void>
}

/** A bundle with extensions, served as a site serves it: over TLS by a CA of its own, with a login for pulls. */
export async function serveExtensions(
  directory: string,
  vsixes: readonly Buffer[],
  host = '127.0.0.1',
): Promise<ServedExtensions> {
  const { options, trust } = await smallRelease(directory)
  await appendFile(options.source, `extensions: [${vsixes.map((_, i) => `{path: ${i}.vsix}`)}]\n`)
  for (const [i, vsix] of vsixes.entries()) await writeFile(join(directory, `${i}.vsix`), vsix)
  await buildBundle(options)
  const certificate = () => serverCertificates({ directory: join(directory, 'tls'), hosts: [host] })
  const asked: string[] = []
  const serving = await serveBundles({
    paths: [options.out],
    access: async () => ({ trust, license: options.license }),
    listen: { host, port: 0 },
    certificate,
    auth: { username: 'site', password: 'only for pulls' },
    log: {
      info: (said: { path?: string; status?: number }) => said.path && asked.push(`${said.status} ${said.path}`),
      error: () => {},
    } as never,
  })
  const url = `https://${writeAddress(serving.address)}/gallery`
  return { asked, url, caPath: (await certificate()).caPath, close: () => serving.close(0) }
}

/** The same on this machine, for one test. */
export async function servedExtensions(
  t: TestContext,
  vsixes: readonly Buffer[],
): Promise<ServedExtensions & { directory: string }> {
  const directory = await temporaryDirectory(t)
  const served = await serveExtensions(directory, vsixes)
  t.after(served.close)
  return { ...served, directory }
}
