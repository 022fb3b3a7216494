import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type RegistryStoreOptions, registryStore } from '../../../../installer/src/stores/registry/store.ts'

export type Seen = { method: string; url: string; headers: IncomingMessage['headers']; length: number }

/** Handles a request instead of the registry; returns false to leave it to the registry. */
export type Script = (request: IncomingMessage, response: ServerResponse, body: () => Promise<Buffer>) => unknown

export interface FakeRegistry {
  /** host:port */
  host: string
  origin: string
  /** by digest; one repository for all */
  blobs: Map<string, Buffer>
  /** by tag and by digest: see `manifestName` */
  manifests: Map<string, { type: string; bytes: Buffer }>
  /** open uploads */
  uploads: Map<string, Buffer>
  /** uploads ever opened */
  opened: number
  seen: Seen[]
  script: Script
  /** `path@digest` of blobs by repository; undefined: one repository for all */
  links?: Set<string>
  /** with `links`: takes blobs from other repositories */
  mounts?: boolean
}

export const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** The key in `manifests`: `path:reference` where there are repositories. */
export const manifestName = ({ links }: Pick<FakeRegistry, 'links'>, path: string, reference: string) =>
  links ? `${path}:${reference}` : reference

/** A registry that behaves until its script says otherwise. Ends with the test. */
export async function fakeRegistry(
  t: TestContext,
  options: { tls?: { cert: string; key: string }; repositories?: { mounts: boolean } } = {},
): Promise<FakeRegistry> {
  const fake: Omit<FakeRegistry, 'host' | 'origin'> = {
    blobs: new Map(),
    manifests: new Map(),
    uploads: new Map(),
    opened: 0,
    seen: [],
    script: () => false,
    ...(options.repositories ? { links: new Set<string>(), mounts: options.repositories.mounts } : {}),
  }
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const entry: Seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, length: 0 }
    fake.seen.push(entry)
    const body = async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) {
        chunks.push(chunk)
        entry.length += chunk.length
      }
      return Buffer.concat(chunks)
    }
    try {
      if ((await fake.script(request, response, body)) === false) behave(fake, request, response, await body())
    } catch {
      response.destroy()
    }
  }
  const server = options.tls ? createTlsServer(options.tls, handle) : createServer(handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(fake, { host, origin: `${options.tls ? 'https' : 'http'}://${host}` })
}

function behave(
  fake: Omit<FakeRegistry, 'host' | 'origin'>,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
) {
  const url = new URL(request.url ?? '', 'http://fake')
  const [, path = '', kind, last = ''] =
    /^\/v2\/(.+?)\/(?:blobs\/)?(manifests|blobs|uploads)\/([^/]*)$/.exec(url.pathname) ?? []
  const linked = (at: string, digest: string) => fake.links === undefined || fake.links.has(`${at}@${digest}`)
  const answer = (status: number, headers: Record<string, string | number> = {}, bytes?: Buffer) =>
    response.writeHead(status, { 'content-length': bytes?.length ?? 0, ...headers }).end(bytes)
  const { method } = request
  if (kind === 'manifests') {
    const nameOf = (reference: string) => manifestName(fake, path, reference)
    if (method === 'PUT') {
      const manifest = { type: String(request.headers['content-type']), bytes: body }
      fake.manifests.set(nameOf(last), manifest)
      fake.manifests.set(nameOf(digestOf(body)), manifest)
      return answer(201, { 'docker-content-digest': digestOf(body) })
    }
    const found = fake.manifests.get(nameOf(last))
    if (!found) return answer(404)
    const headers = { 'content-type': found.type, 'docker-content-digest': digestOf(found.bytes) }
    return method === 'HEAD'
      ? answer(200, { ...headers, 'content-length': found.bytes.length })
      : answer(200, headers, found.bytes)
  }
  if (kind === 'blobs') {
    const found = fake.blobs.get(last)
    if (!found || !linked(path, last)) return answer(404)
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    const stated = { 'docker-content-digest': last }
    if (method === 'HEAD') return answer(200, { ...stated, 'content-length': found.length })
    if (from === undefined) return answer(200, stated, found)
    return answer(
      206,
      { ...stated, 'content-range': `bytes ${from}-${to}/${found.length}` },
      found.subarray(Number(from), Number(to) + 1),
    )
  }
  if (kind !== 'uploads') return answer(404)
  if (method === 'POST') {
    const mount = url.searchParams.get('mount') ?? ''
    if (fake.mounts && linked(url.searchParams.get('from') ?? '', mount) && fake.blobs.has(mount)) {
      fake.links?.add(`${path}@${mount}`)
      return answer(201, { 'docker-content-digest': mount })
    }
    const id = `u${++fake.opened}`
    fake.uploads.set(id, Buffer.alloc(0))
    return answer(202, { location: `${url.pathname}${id}?state=a%2Bb` })
  }
  const sofar = fake.uploads.get(last)
  if (!sofar || url.searchParams.get('state') !== 'a+b') return answer(404)
  const place = { location: request.url ?? '' }
  if (method === 'GET') return answer(204, { ...place, range: `0-${Math.max(0, sofar.length - 1)}` })
  if (method === 'DELETE') {
    fake.uploads.delete(last)
    return answer(204)
  }
  const now = Buffer.concat([sofar, body])
  if (method === 'PATCH') {
    const range = `${sofar.length}-${now.length - 1}`
    if (request.headers['content-range'] !== range) return answer(416)
    fake.uploads.set(last, now)
    return answer(202, { ...place, range: `0-${now.length - 1}` })
  }
  const digest = url.searchParams.get('digest') ?? ''
  if (digestOf(now) !== digest)
    return answer(400, {}, Buffer.from('{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}'))
  fake.blobs.set(digest, now)
  fake.links?.add(`${path}@${digest}`)
  fake.uploads.delete(last)
  return answer(201, { 'docker-content-digest': digest })
}

/** A store over fake registries, quick to try again and without logins of this machine. Ends with the test. */
export function storeFor(t: TestContext, fakes: FakeRegistry[], options: RegistryStoreOptions = {}) {
  const registries = Object.fromEntries(
    fakes.map((fake) => [fake.host, { plainHttp: fake.origin.startsWith('http:') }]),
  )
  const store = registryStore({
    registries,
    dockerConfig: false,
    proxy: {},
    retry: { attempts: 4, base: 1 },
    ...options,
  })
  t.after(() => store.close())
  return store
}

export const layerType = 'application/vnd.oci.image.layer.v1.tar'
export const blobOf = (bytes: Uint8Array) => ({ mediaType: layerType, digest: digestOf(bytes), size: bytes.length })
export const noise = (size: number) => Buffer.alloc(size, 'The quick brown fox jumps over the lazy dog. ')

export async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A source for `write` that opens at any offset and hands out pieces of `step` bytes. */
export const sourceOf = (bytes: Uint8Array, step = 1000) =>
  async function open(offset: number) {
    async function* pieces() {
      for (let at = offset; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
    }
    return pieces()
  }

/** The error that work ends with. */
export async function failureOf(
  work: Promise<unknown>,
): Promise<Error & { code?: string; why?: string; fix?: string }> {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it was expected to fail, and it did not')
}
