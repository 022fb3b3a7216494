import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { codeServer } from '../../../manifests/images/code-server.ts'
import { extensionsGallery } from '../../../services/workspace/ide/gallery.ts'
import { heedingNoProxy } from '../../../services/workspace/ide/heed-no-proxy.ts'
import { vsixOf } from '../../fixtures/vsix.ts'
import { servedExtensions } from './served-extensions.ts'

const run = promisify(execFile)

/** Runs the code-server of the workspace image with a home of its own. */
async function editor(directory: string, url: string, environment: Record<string, string>) {
  const entry = join(await codeServer(() => {}), 'out/node/entry.js')
  const home = join(directory, 'home')
  await mkdir(home, { recursive: true })
  return async (...args: string[]) => {
    const flags = ['--user-data-dir', join(home, 'data'), '--extensions-dir', join(home, 'extensions')]
    const { stdout, stderr } = await run(process.execPath, [...heedingNoProxy(), entry, ...flags, ...args], {
      env: {
        PATH: process.env.PATH as string,
        HOME: home,
        CODE_SERVER_CONFIG: '/dev/null',
        EXTENSIONS_GALLERY: extensionsGallery(url),
        ...environment,
      },
      timeout: 120_000,
    }).catch((error) => error)
    return `${stdout}${stderr}`
  }
}

test('the editor of the workspace image installs what a served bundle carries', async (t) => {
  const site = await servedExtensions(t, [
    vsixOf({ version: '1.2.3' }),
    vsixOf({ version: '1.10.0' }, 'linux-x64'),
    vsixOf({ version: '1.10.0' }, 'linux-arm64'),
    vsixOf({ version: '9.0.0', engines: { vscode: '^99.0.0' } }),
    vsixOf({ name: 'pack', extensionDependencies: ['acme.hello'] }),
  ])
  const codeServer = await editor(site.directory, site.url, { NODE_EXTRA_CA_CERTS: site.caPath })
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

/** A forward proxy that leads whoever logs in where they ask to, and notes where. */
async function forwardProxy(t: TestContext) {
  const asked: string[] = []
  const server = createServer((_request, answer) => answer.writeHead(405).end())
  const login = `Basic ${Buffer.from('ada:open sesame').toString('base64')}`
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    if (headers['proxy-authorization'] !== login) return client.end('HTTP/1.1 407 Login\r\n\r\n')
    asked.push(url)
    const [host, port] = url.split(':')
    const upstream = connect({ host, port: Number(port) }, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(client)
      client.pipe(upstream)
    })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return { asked, url: `http://ada:open%20sesame@127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('the editor goes to the gallery through the proxy of the site, or past it where the gallery is exempt', async (t) => {
  const site = await servedExtensions(t, [vsixOf()])
  const proxy = await forwardProxy(t)
  const installs = async (home: string, exempt: string) => {
    const codeServer = await editor(join(site.directory, home), site.url, {
      NODE_EXTRA_CA_CERTS: site.caPath,
      HTTPS_PROXY: proxy.url,
      NO_PROXY: exempt,
    })
    const said = await codeServer('--install-extension', 'acme.hello')
    assert.match(said, /successfully installed/, said)
  }
  await installs('through', '.svc,10.0.0.1')
  assert.deepEqual(new Set(proxy.asked), new Set([new URL(site.url).host]))
  proxy.asked.length = 0
  await installs('past', '.svc,127.0.0.1')
  assert.deepEqual(proxy.asked, [])
})
