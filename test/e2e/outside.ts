import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { request as ask, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { buildBundle } from '../../installer/src/build/build.ts'
import type { KeyPair } from '../../installer/src/certificates/issue.ts'
import { serveBundles } from '../../installer/src/serve/serve.ts'
import { smallRelease } from '../fixtures/release.ts'
import { vsixOf } from '../fixtures/vsix.ts'
import { type Credential, issueCertificate } from '../lab/certificates.ts'
import { startRegistry } from '../lab/registry.ts'

const run = promisify(execFile)

/** Hosts of the outside; only the first is anywhere in the release. */
export const outsideHosts = {
  registry: 'registry.sealift.example',
  token: 'login.registry-vendor.example',
  lead: 'edge.cdn-vendor.example',
  blobs: 'bytes.cdn-vendor.example',
  issuer: 'sso.identity-vendor.example',
  git: 'git.vendor.example',
  gallery: 'extensions.vendor.example',
} as const

export interface Outside {
  /** by name, the loopback address of this machine at which it is, at port 443: no site of the lab has a way there */
  addresses: Record<string, string>
  /** the vendor's registry as the vendor reaches it: `127.0.0.1:port`, without TLS */
  registry: string
  /** what answers at the issuer's host, once there is something */
  atIssuer: (listener: RequestListener) => void
  stop: () => Promise<void>
}

const token = 'leave-to-pull'

/**
 * The world outside of a site, behind names and TLS of its own: a vendor's registry as registries are (a token service at another
 * host, blobs by a redirect over a third to a fourth), a git repository, and an identity provider.
 */
export async function startOutside(directory: string, storage: string, authority: Credential): Promise<Outside> {
  const names = Object.values(outsideHosts)
  const request = { commonName: 'the outside', dns: names, usage: ['serverAuth'] as const }
  const { certificateFile, keyFile } = await issueCertificate(authority, directory, 'outside', request)
  const real = await startRegistry({ directory: join(directory, 'registry'), storage, tls: false })
  const repository = await makeRepository(join(directory, 'repositories'))
  let atIssuer: RequestListener = (_request, response) => response.writeHead(503).end()
  const vhosts: Record<string, RequestListener> = {
    [outsideHosts.registry]: (request, response) => {
      const isAllowed = request.headers.authorization === `Bearer ${token}`
      if (!isAllowed) return challenge(response)
      const [, hex = ''] = /\/blobs\/sha256:([0-9a-f]{64})$/.exec(request.url ?? '') ?? []
      const isRead = request.method === 'GET' && hex !== ''
      if (!isRead) return pass(real.port, request, response)
      redirect(response, `https://${outsideHosts.lead}/lead${request.url}`)
    },
    [outsideHosts.token]: (_request, response) => response.end(JSON.stringify({ token })),
    [outsideHosts.lead]: (request, response) =>
      redirect(response, `https://${outsideHosts.blobs}/bucket${request.url?.slice('/lead'.length)}?sig=c2VjcmV0`),
    [outsideHosts.blobs]: (request, response) => {
      request.url = request.url?.slice('/bucket'.length).replace(/\?.*/, '')
      pass(real.port, request, response)
    },
    [outsideHosts.issuer]: (request, response) => atIssuer(request, response),
    [outsideHosts.git]: (request, response) => void sendFile(repository, request, response),
  }
  const [cert, key] = await Promise.all([readFile(certificateFile), readFile(keyFile)])
  const server = createServer({ cert, key }, (request, response) => {
    const listener = vhosts[request.headers.host ?? '']
    if (listener) listener(request, response)
    else response.writeHead(421).end()
  })
  const address = await listen(server)
  const gallery = await startGallery(join(directory, 'gallery'), async () => ({
    certificate: `${cert}`,
    key: `${key}`,
  }))
  return {
    addresses: { ...Object.fromEntries(names.map((name) => [name, address])), [outsideHosts.gallery]: gallery.address },
    registry: real.host,
    atIssuer(listener) {
      atIssuer = listener
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await gallery.close()
      await real.stop()
    },
  }
}

/** Another loopback address each time, so that several servers have port 443 side by side. */
function someAddress(): string {
  const part = () => 1 + Math.floor(Math.random() * 254)
  return `127.77.${part()}.${part()}`
}

/** A gallery with one extension, as `sealift serve` offers it. */
async function startGallery(directory: string, certificate: () => Promise<KeyPair>) {
  await mkdir(directory)
  const { options, trust } = await smallRelease(directory)
  await appendFile(options.source, 'extensions: [{path: hello.vsix}]\n')
  await writeFile(join(directory, 'hello.vsix'), vsixOf())
  await buildBundle(options)
  const address = someAddress()
  const serving = await serveBundles({
    paths: [options.out],
    access: async () => ({ trust, license: options.license }),
    listen: { host: address, port: 443 },
    certificate,
    log: { info: () => {}, error: () => {} } as never,
  })
  return { address, close: () => serving.close(0) }
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const address = someAddress()
    try {
      server.listen(443, address)
      await once(server, 'listening')
      return address
    } catch (error) {
      if (tries === 5) throw error
    }
  }
}

const challenge = (response: ServerResponse) =>
  response
    .writeHead(401, {
      'www-authenticate': `Bearer realm="https://${outsideHosts.token}/token?tenant=7",service="vendor"`,
      'content-length': 0,
    })
    .end()

const redirect = (response: ServerResponse, location: string) =>
  response.writeHead(307, { location, 'content-length': 0 }).end()

/** Hands a request on to a server of this machine, and its answer back. */
function pass(port: number, request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request
  const { authorization: _, ...kept } = headers
  const onward = ask(
    { host: '127.0.0.1', port, method, path: url, headers: { ...kept, 'x-forwarded-proto': 'https' } },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    },
  )
  onward.on('error', () => response.destroy())
  request.pipe(onward)
}

/** A repository with one commit that plain files of a web server are enough for (git-http-backend(1), "dumb" clients). */
async function makeRepository(directory: string): Promise<string> {
  const work = join(directory, 'work')
  await mkdir(work, { recursive: true })
  const git = (...words: string[]) =>
    run('git', ['-c', 'user.name=A', '-c', 'user.email=a@vendor.example', '-c', 'init.defaultBranch=main', ...words], {
      cwd: work,
    })
  await git('init', '--quiet')
  await writeFile(join(work, 'notes.txt'), 'from outside\n')
  await git('add', '.')
  await git('commit', '--quiet', '--message=Notes')
  await git('clone', '--quiet', '--bare', work, join(directory, 'notes.git'))
  await run('git', ['update-server-info'], { cwd: join(directory, 'notes.git') })
  return directory
}

async function sendFile(directory: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = normalize(decodeURIComponent((request.url ?? '/').replace(/\?.*/, '')))
  await readFile(join(directory, path)).then(
    (content) => response.end(content),
    () => response.writeHead(404).end(),
  )
}
