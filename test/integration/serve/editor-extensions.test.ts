import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { serverCertificates } from '../../../installer/src/serve/certificates.ts'
import { writeAddress } from '../../../installer/src/serve/listen.ts'
import { serveBundles } from '../../../installer/src/serve/serve.ts'
import { codeServer } from '../../../manifests/images/code-server.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallRelease } from '../../fixtures/release.ts'
import { vsixOf } from '../../fixtures/vsix.ts'

const run = promisify(execFile)

/** A bundle with extensions, served as a site serves it: over TLS by a CA of its own, with a login for pulls. */
async function servedExtensions(t: TestContext, vsixes: readonly Buffer[]) {
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

/** Runs the code-server of the workspace image with a home of its own. */
async function editor(directory: string, environment: Record<string, string>) {
  const entry = join(await codeServer(() => {}), 'out/node/entry.js')
  const home = join(directory, 'home')
  await mkdir(home, { recursive: true })
  return async (...args: string[]) => {
    const flags = ['--user-data-dir', join(home, 'data'), '--extensions-dir', join(home, 'extensions')]
    const { stdout, stderr } = await run(process.execPath, [entry, ...flags, ...args], {
      env: { PATH: process.env.PATH as string, HOME: home, CODE_SERVER_CONFIG: '/dev/null', ...environment },
      timeout: 120_000,
    }).catch((error) => error)
    return `${stdout}${stderr}`
  }
}

const galleryAt = (url: string) =>
  JSON.stringify({ serviceUrl: `${url}/vscode/gallery`, itemUrl: `${url}/vscode/item`, resourceUrlTemplate: '' })

test('the editor of the workspace image installs what a served bundle carries', async (t) => {
  const site = await servedExtensions(t, [
    vsixOf({ version: '1.2.3' }),
    vsixOf({ version: '1.10.0' }, 'linux-x64'),
    vsixOf({ version: '1.10.0' }, 'linux-arm64'),
    vsixOf({ version: '9.0.0', engines: { vscode: '^99.0.0' } }),
    vsixOf({ name: 'pack', extensionDependencies: ['acme.hello'] }),
  ])
  const codeServer = await editor(site.directory, {
    EXTENSIONS_GALLERY: galleryAt(site.url),
    NODE_EXTRA_CA_CERTS: site.caPath,
  })
  const newest = await codeServer('--install-extension', 'acme.pack')
  assert.match(newest, /'acme\.pack' v1\.2\.3 was successfully installed/, newest)
  const list = () => codeServer('--list-extensions', '--show-versions')
  const installed = await list()
  assert.match(installed, /^acme\.hello@1\.10\.0$/m, `the newest that fits, with what it depends on: ${installed}`)
  await codeServer('--install-extension', 'Acme.Hello@1.2.3', '--force')
  assert.match(await list(), /^acme\.hello@1\.2\.3$/m)
  assert.match(await codeServer('--install-extension', 'acme.other'), /not found/i)
  assert.deepEqual(
    site.asked.filter((line) => !line.startsWith('200 /gallery/')),
    [],
  )
})
