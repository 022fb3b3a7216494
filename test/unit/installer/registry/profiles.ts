import type { IncomingMessage } from 'node:http'
import { digestOf, type FakeRegistry, manifestName, type Script } from './fake-registry.ts'

/** Ways in which the registries of the field differ, as scripts for a fake one. Each sets `fake.script`. */

const none = { 'content-length': 0 }
const pathOf = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0] as string
const isUpload = (request: IncomingMessage) => pathOf(request).includes('/uploads/')
const isManifest = (request: IncomingMessage) => pathOf(request).includes('/manifests/')
/** the repository, and the last word, of a request */
const repositoryOf = (request: IncomingMessage) =>
  /^\/v2\/(.+?)\/(?:manifests|blobs)\//.exec(pathOf(request))?.[1] ?? ''
const nameOf = (request: IncomingMessage) => pathOf(request).split('/').at(-1) as string
const refusal = (code: string, message: string) => JSON.stringify({ errors: [{ code, message }] })

/** Harbor: tokens that are good for a few requests, projects that somebody must have made. */
export function harborLike(fake: FakeRegistry, { project, each = 40 }: { project: string; each?: number }) {
  const left = new Map<string, number>()
  const script: Script = async (request, response, body) => {
    if (pathOf(request) === '/service/token') {
      const token = `t${left.size + 1}`
      left.set(`Bearer ${token}`, each)
      const answer = JSON.stringify({ token, expires_in: 1800 })
      return response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
    }
    const login = request.headers.authorization ?? ''
    const uses = left.get(login) ?? 0
    left.set(login, uses - 1)
    if (uses <= 0) {
      await body()
      const challenge = `Bearer realm="${fake.origin}/service/token",service="harbor-registry"`
      return response.writeHead(401, { ...none, 'www-authenticate': challenge }).end()
    }
    if (!pathOf(request).startsWith(`/v2/${project}/`)) return response.writeHead(404, none).end()
    return false
  }
  fake.script = script
  return { tokens: () => left.size }
}

/** Quay without general OCI support: images only, no mounts, no referrers API. */
export function quayLike(fake: FakeRegistry) {
  fake.script = async (request, response, body) => {
    if (request.method !== 'PUT' || !isManifest(request)) return false
    const bytes = await body()
    if (/"mediaType":"application\/vnd\.oci\.image\.(config|index)/.test(bytes.toString())) {
      // read already, so it is kept here
      const kept = { type: String(request.headers['content-type']), bytes }
      for (const reference of [nameOf(request), digestOf(bytes)])
        fake.manifests.set(manifestName(fake, repositoryOf(request), reference), kept)
      return response.writeHead(201, none).end()
    }
    return response.writeHead(400).end(refusal('MANIFEST_INVALID', 'manifest schema unsupported'))
  }
}

/** Nexus: no chunks, relative addresses, answers that state no digest, a page for people where it knows no API. */
export function nexusLike(fake: FakeRegistry) {
  fake.script = async (request, response, body) => {
    if (request.method === 'PATCH') {
      await body()
      return response.writeHead(405, none).end()
    }
    if (pathOf(request).includes('/referrers/'))
      return response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Nexus</html>')
    if (request.method === 'HEAD' && isManifest(request)) {
      const found = fake.manifests.get(manifestName(fake, repositoryOf(request), nameOf(request)))
      return found ? response.writeHead(200, { 'content-type': found.type }).end() : false
    }
    return false
  }
}

/** Artifactory: basic login, mounts refused as not allowed, PATCH answered without Range, HEAD of uploads unknown. */
export function artifactoryLike(fake: FakeRegistry, login: string) {
  fake.script = async (request, response, body) => {
    if (request.headers.authorization !== `Basic ${Buffer.from(login).toString('base64')}`) {
      await body()
      return response.writeHead(401, { ...none, 'www-authenticate': 'Basic realm="Artifactory Realm"' }).end()
    }
    if (request.url?.includes('mount=')) return response.writeHead(403, none).end()
    if (isUpload(request) && request.method === 'GET') return response.writeHead(404, none).end()
    if (request.method !== 'PATCH') return false
    const id = nameOf(request)
    fake.uploads.set(id, Buffer.concat([fake.uploads.get(id) as Buffer, await body()]))
    return response.writeHead(202, { ...none, location: `${fake.origin}${request.url}` }).end()
  }
}

/** ECR: repositories that exist before, tags that never change, uploads that can't be asked for or dropped, 5 MiB chunks. */
export function ecrLike(fake: FakeRegistry, { repositories }: { repositories: readonly string[] | undefined }) {
  fake.script = async (request, response, body) => {
    const path = repositoryOf(request)
    if (repositories && !repositories.includes(path)) {
      await body()
      return response.writeHead(404).end(refusal('NAME_UNKNOWN', 'The repository does not exist'))
    }
    if (isUpload(request) && (request.method === 'GET' || request.method === 'DELETE'))
      return response.writeHead(405, none).end()
    const name = nameOf(request)
    const there = isManifest(request) && fake.manifests.has(manifestName(fake, path, name))
    if (request.method === 'PUT' && there && !name.startsWith('sha256:')) {
      await body()
      return response.writeHead(400).end(refusal('TAG_INVALID', 'the tag is immutable'))
    }
    return false
  }
}

/** A proxy that says 413 before it has read the body, and hangs up. */
export function smallBodies(fake: FakeRegistry, limit: number) {
  fake.script = (request, response) => {
    if (Number(request.headers['content-length'] ?? 0) <= limit) return false
    response.writeHead(413, { ...none, connection: 'close' }).end()
    setTimeout(() => request.socket.destroy(), 20)
    return true
  }
}

/** A registry that takes no manifest above so many bytes. */
export function smallManifests(fake: FakeRegistry, limit: number) {
  fake.script = async (request, response, body) => {
    if (request.method !== 'PUT' || !isManifest(request)) return false
    if (Number(request.headers['content-length']) <= limit) return false
    await body()
    return response.writeHead(413, none).end()
  }
}

/** Distribution 2.8: the address of an upload is good for one state; asked for with another the upload is dropped. */
export function signedStates(fake: FakeRegistry) {
  fake.script = async (request, response, body) => {
    const url = new URL(request.url ?? '', 'http://fake')
    const [, base, id] = /^(.*\/uploads\/)(.+)$/.exec(url.pathname) ?? []
    if (!id) return false
    const sofar = fake.uploads.get(id)
    if (sofar === undefined || Number(url.searchParams.get('at') ?? 0) !== sofar.length) {
      fake.uploads.delete(id)
      await body()
      return response.writeHead(404, none).end()
    }
    if (request.method !== 'PATCH') {
      request.url = `${base}${id}?state=a%2Bb${url.search.includes('digest=') ? `&digest=${url.searchParams.get('digest')}` : ''}`
      return false
    }
    const now = Buffer.concat([sofar, await body()])
    fake.uploads.set(id, now)
    const location = `${base}${id}?state=a%2Bb&at=${now.length}`
    return response.writeHead(202, { ...none, location, range: `0-${now.length - 1}` }).end()
  }
}
