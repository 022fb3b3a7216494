import type { lookup } from 'node:dns'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createAuthority, issueCertificate } from '../../../installer/src/certificates/issue.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import type { RegistryStoreOptions } from '../../../installer/src/stores/registry/store.ts'
import { push, putIndex, realRegistry } from '../build-sources-release.ts'

const names = ['registry.vendor.example', 'login.elsewhere.example', 'edge.cdn.example', 'bytes.cdn.example']
const day = 86_400_000
const token = 'leave-to-pull'

export interface Published {
  references: string[]
  /** `host:port` by the first label of the host */
  hosts: Record<'registry' | 'login' | 'edge' | 'bytes', string>
  options: { registry: RegistryStoreOptions; lookup: typeof lookup }
  /** requests, by the first label of the host */
  seen: Record<string, { path: string; range: string | undefined }[]>
}

/**
 * A real registry as vendors publish one: behind TLS, with a token service at another host, and with blobs that come, by two
 * redirects, from hosts that nobody declared. Every name is at 127.0.0.1. `range`: whether the last one knows ranges.
 */
export async function published(t: TestContext, { range = true } = {}): Promise<Published> {
  const real = await realRegistry(t)
  const memory = memoryStore()
  for (const name of ['manager', 'envproxy']) {
    const { index } = putIndex(memory, name, ['linux/amd64', 'linux/arm64'])
    await push(memory, real.store, index, `${real.registry.host}/cde/${name}:1`)
  }
  const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) }
  const authority = await createAuthority('test CA', names, validity)
  const { certificate: cert, key } = await issueCertificate(authority, names, validity)
  const made: Omit<Published, 'hosts' | 'references' | 'options'> = { seen: {} }
  const ask = (path: string, init: RequestInit = {}) => fetch(`http://${real.registry.host}${path}`, init)

  async function start(name: string, handle: (request: IncomingMessage, response: ServerResponse) => unknown) {
    const seen: Published['seen'][string] = []
    made.seen[name.split('.')[0] as string] = seen
    const server = createServer({ cert, key }, async (request, response) => {
      seen.push({ path: request.url ?? '', range: request.headers.range })
      await handle(request, response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    return `${name}:${(server.address() as AddressInfo).port}`
  }
  const redirect = (response: ServerResponse, location: string) =>
    response.writeHead(307, { location, 'content-length': 0 }).end()

  const bytes = await start('bytes.cdn.example', async (request, response) => {
    const [, hex] = /\/([0-9a-f]{64})\/data\?sig=/.exec(request.url ?? '') ?? []
    const headers = range && request.headers.range ? { range: request.headers.range } : undefined
    const found = await ask(`/v2/cde/manager/blobs/sha256:${hex}`, headers ? { headers } : {}).then((answer) =>
      answer.ok ? answer : ask(`/v2/cde/envproxy/blobs/sha256:${hex}`, headers ? { headers } : {}),
    )
    const body = Buffer.from(await found.arrayBuffer())
    const stated = found.headers.get('content-range')
    response.writeHead(found.status, { 'content-length': body.length, ...(stated ? { 'content-range': stated } : {}) })
    response.end(body)
  })
  const edge = await start('edge.cdn.example', (request, response) =>
    redirect(response, `https://${bytes}${request.url?.replace('/lead/', '/bucket/sha256/')}/data?sig=c2VjcmV0`),
  )
  const login = await start('login.elsewhere.example', (_request, response) => response.end(JSON.stringify({ token })))
  const registry = await start('registry.vendor.example', async (request, response) => {
    if (request.headers.authorization !== `Bearer ${token}`) {
      const challenge = `Bearer realm="https://${login}/api/token?tenant=7",service="vendor"`
      return response.writeHead(401, { 'www-authenticate': challenge, 'content-length': 0 }).end()
    }
    const [, hex = ''] = /\/blobs\/sha256:([0-9a-f]{64})$/.exec(request.url ?? '') ?? []
    if (hex !== '') return redirect(response, `https://${edge}/lead/${hex.slice(0, 2)}/${hex}`)
    const { method = 'GET', headers } = request
    const found = await ask(request.url ?? '', { method, headers: { accept: headers.accept ?? '*/*' } })
    const kept = ['content-type', 'docker-content-digest'].map((name) => [name, found.headers.get(name) ?? ''])
    const body = Buffer.from(await found.arrayBuffer())
    const length = method === 'HEAD' ? found.headers.get('content-length') : body.length
    response.writeHead(found.status, { ...Object.fromEntries(kept), 'content-length': length ?? 0 }).end(body)
  })
  return Object.assign(made, {
    references: ['manager', 'envproxy'].map((name) => `${registry}/cde/${name}:1`),
    hosts: { registry, login, edge, bytes },
    options: {
      registry: {
        registries: { [registry]: { caPem: authority.certificate } },
        dockerConfig: false,
        proxy: {},
        retry: { attempts: 2, base: 1 },
      } satisfies RegistryStoreOptions,
      lookup: here,
    },
  })
}

/** Every name of the test is at 127.0.0.1. */
export const here = ((_name: string, _options: object, done: (...found: unknown[]) => void) =>
  done(null, [{ address: '127.0.0.1', family: 4 }])) as unknown as typeof lookup
