import type { IncomingMessage } from 'node:http'
import { digestOf, type FakeRegistry, manifestName, type Script } from '../unit/installer/registry/fake-registry.ts'

export const none = { 'content-length': 0 }
export const page = Buffer.from('<html><body>Welcome. Please log in to use this network.</body></html>')

const isManifest = ({ url = '' }: IncomingMessage) => url.includes('/manifests/')
export const isBlob = ({ url = '' }: IncomingMessage) => /\/blobs\/sha256:/.test(url)
export const nameOf = ({ url = '' }: IncomingMessage) => url.split('/').at(-1) as string
export const pathOf = ({ url = '' }: IncomingMessage) => /^\/v2\/(.+?)\/(?:manifests|blobs)\//.exec(url)?.[1] ?? ''
const isTag = (request: IncomingMessage) => isManifest(request) && !nameOf(request).startsWith('sha256:')
const other = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 1))

/** What a registry that has everything holds: what a liar may know of content that it lacks. */
type Knows = Pick<FakeRegistry, 'blobs' | 'manifests' | 'links'>
const sizeOf = (all: Knows, request: IncomingMessage) =>
  isManifest(request)
    ? all.manifests.get(manifestName(all, pathOf(request), nameOf(request)))?.bytes.length
    : all.blobs.get(nameOf(request))?.length

type Lie = (fake: FakeRegistry, all: Knows) => Script

/** Answers HEAD for what there is and what not, with these headers. */
export const head =
  (headers: (request: IncomingMessage, size: number) => Record<string, string | number>): Lie =>
  (_fake, all) =>
  (request, response) =>
    request.method === 'HEAD' && !isTag(request)
      ? response.writeHead(200, headers(request, sizeOf(all, request) ?? 7)).end()
      : false

/** Answers GET of what there is with what `change` makes of it. Blobs in ranges too, as if they were whole. */
const changed =
  (which: (request: IncomingMessage) => boolean, change: (bytes: Buffer) => Buffer): Lie =>
  (fake) =>
  (request, response) => {
    if (request.method !== 'GET' || !which(request)) return false
    const manifest = fake.manifests.get(manifestName(fake, pathOf(request), nameOf(request)))
    const found = isManifest(request) ? manifest?.bytes : fake.blobs.get(nameOf(request))
    if (!found || (isBlob(request) && !fake.links?.has(`${pathOf(request)}@${nameOf(request)}`))) return false
    const bytes = change(found)
    const headers = { 'content-type': manifest?.type ?? 'application/octet-stream', 'docker-content-digest': '' }
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1)
    const range = from === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${found.length}` }
    return response
      .writeHead(from === undefined ? 200 : 206, { ...headers, ...range, 'content-length': part.length })
      .end(part)
  }

/** Takes what is put there, and forgets it. */
const forgets =
  (which: (request: IncomingMessage) => boolean): Lie =>
  () =>
  async (request, response, body) => {
    if (request.method !== 'PUT' || !which(request)) return false
    await body()
    return response.writeHead(201, none).end()
  }

const mountsNothing: Lie = () => (request, response) =>
  request.method === 'POST' && request.url?.includes('mount=') ? response.writeHead(201, none).end() : false

const both =
  (...lies: Lie[]): Lie =>
  (fake, all) => {
    const scripts = lies.map((lie) => lie(fake, all))
    return async (...asked) => {
      for (const script of scripts) {
        const answer = await script(...asked)
        if (answer !== false) return answer
      }
      return false
    }
  }

/** Is honest for some requests, then lies. */
const later =
  (requests: number, lie: Lie): Lie =>
  (fake, all) => {
    const script = lie(fake, all)
    let left = requests
    return (...asked) => (left-- > 0 ? false : script(...asked))
  }

export const at = (offset: (size: number) => number) => (bytes: Buffer) => {
  const copy = Buffer.from(bytes)
  const place = offset(bytes.length)
  copy[place] = (copy[place] as number) ^ 1
  return copy
}

/** [what, lie, whether a registry that only lies so ends up with everything: then it has to be sent] */
export const lies: [string, Lie, 'heals' | 'fails'][] = [
  ['HEAD says 200 for everything, and no more', head(() => ({})), 'heals'],
  ['HEAD has the right size of everything', head((_, size) => ({ 'content-length': size })), 'heals'],
  ['HEAD repeats the digest that it is asked for', head((r) => ({ 'docker-content-digest': nameOf(r) })), 'heals'],
  [
    'HEAD has the right digest and size of everything',
    head((r, size) => ({ 'content-length': size, 'docker-content-digest': nameOf(r) })),
    'heals',
  ],
  ['HEAD has the size of a page', head(() => ({ 'content-length': page.length })), 'heals'],
  [
    'a page is the answer to everything',
    () => (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
    'fails',
  ],
  ['blobs are other bytes of the same length', changed(isBlob, other), 'fails'],
  [
    'the first byte of blobs is another one',
    changed(
      isBlob,
      at(() => 0),
    ),
    'fails',
  ],
  [
    'the last byte of blobs is another one',
    changed(
      isBlob,
      at((size) => size - 1),
    ),
    'fails',
  ],
  ['documents are other bytes of the same length', changed(isManifest, other), 'fails'],
  ['documents end early', changed(isManifest, (bytes) => bytes.subarray(0, -5)), 'fails'],
  ['documents go on', changed(isManifest, (bytes) => Buffer.concat([bytes, page])), 'fails'],
  ['blobs end early', changed(isBlob, (bytes) => bytes.subarray(0, bytes.length >> 1)), 'fails'],
  [
    'blobs break off in the middle of an answer',
    (fake) => (request, response) => {
      const found = request.method === 'GET' && isBlob(request) ? fake.blobs.get(nameOf(request)) : undefined
      if (!found) return false
      response.writeHead(200, { 'content-length': found.length })
      return response.write(found.subarray(0, found.length >> 1), () => response.destroy())
    },
    'fails',
  ],
  [
    'ranges are ignored, and the last byte is another one',
    (fake, all) => (request, response, body) => {
      delete request.headers.range
      return changed(
        isBlob,
        at((size) => size - 1),
      )(fake, all)(request, response, body)
    },
    'fails',
  ],
  [
    'another range is sent than was asked for',
    (fake) => (request, response) => {
      const found = request.method === 'GET' && isBlob(request) ? fake.blobs.get(nameOf(request)) : undefined
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
      if (!found || from === undefined) return false
      const range = `bytes ${Number(from) + 1}-${Number(to) + 1}/${found.length}`
      return response.writeHead(206, { 'content-range': range }).end(found.subarray(Number(from), Number(to) + 1))
    },
    'fails',
  ],
  ['a mount takes nothing', mountsNothing, 'heals'],
  [
    'a mount takes nothing, and HEAD says it did',
    both(
      mountsNothing,
      head(() => ({})),
    ),
    'heals',
  ],
  [
    'a mount takes nothing, and no blob is kept',
    both(
      mountsNothing,
      forgets((r) => !isManifest(r)),
    ),
    'fails',
  ],
  ['blobs are taken and not kept', forgets((request) => !isManifest(request)), 'fails'],
  [
    'blobs are not kept, and HEAD says they are',
    both(
      forgets((r) => !isManifest(r)),
      head(() => ({})),
    ),
    'fails',
  ],
  ['documents are taken and not kept', forgets((r) => isManifest(r) && !isTag(r)), 'fails'],
  ['names are taken and not kept', forgets(isTag), 'fails'],
  [
    'names lead to other content than was pushed',
    (fake) => (request, response) => {
      if (!isTag(request) || request.method === 'PUT') return false
      const found = [...fake.manifests].find(([key]) => key.startsWith(`${pathOf(request)}:sha256:`))?.[1]
      const there = fake.manifests.has(manifestName(fake, pathOf(request), nameOf(request)))
      if (!there || !found) return false
      const bytes = Buffer.concat([found.bytes, Buffer.from('\n')])
      return response.writeHead(200, { 'content-type': found.type, 'content-length': bytes.length }).end(bytes)
    },
    'fails',
  ],
  [
    'it says that it keeps another digest than was sent',
    () => async (request, response, body) => {
      if (request.method !== 'PUT') return false
      await body()
      return response.writeHead(201, { ...none, 'docker-content-digest': digestOf(page) }).end()
    },
    'fails',
  ],
  [
    'every second upload is kept only',
    (() => {
      let turn = 0
      return forgets((request) => !isManifest(request) && turn++ % 2 === 1)
    })(),
    'fails',
  ],
  ...[1, 2, 5, 20, 40].map((requests): [string, Lie, 'fails'] => [
    `it is honest for ${requests} requests, then nothing is kept and HEAD says it is`,
    later(
      requests,
      both(
        mountsNothing,
        forgets(() => true),
        head(() => ({})),
      ),
    ),
    'fails',
  ]),
]
