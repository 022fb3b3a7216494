import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { serverCertificates } from '../../../installer/src/serve/certificates.ts'
import { writeAddress } from '../../../installer/src/serve/listen.ts'
import { serveBundles } from '../../../installer/src/serve/serve.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallRelease } from '../../fixtures/release.ts'

/** A bundle with extensions, served as a site serves it: over TLS by a CA of its own, with a login for pulls. */
export async function servedExtensions(t: TestContext, vsixes: readonly Buffer[]) {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  await appendFile(options.source, `extensions: [${vsixes.map((_, i) => `{path: ${i}.vsix}`)}]\n`)
  for (const [i, vsix] of vsixes.entries()) await writeFile(join(directory, `${i}.vsix`), vsix)
  await buildBundle(options)
  const certificate = () => serverCertificates({ directory: join(directory, 'tls'), hosts: ['127.0.0.1'] })
  const asked: string[] = []
  const serving = await serveBundles({
    paths: [options.out],
    access: async () => ({ trust, license: options.license }),
    listen: { host: '127.0.0.1', port: 0 },
    certificate,
    auth: { username: 'site', password: 'only for pulls' },
    log: {
      info: (said: { path?: string; status?: number }) => said.path && asked.push(`${said.status} ${said.path}`),
      error: () => {},
    } as never,
  })
  t.after(() => serving.close(0))
  return {
    directory,
    asked,
    url: `https://${writeAddress(serving.address)}/gallery`,
    caPath: (await certificate()).caPath,
  }
}
