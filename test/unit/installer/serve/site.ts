import type { TestContext } from 'node:test'
import { Agent } from 'undici'
import { type Descriptor, mediaTypes } from '../../../../bundle-spec/src/descriptor.ts'
import { readGraph } from '../../../../bundle-spec/src/graph.ts'
import { toJson } from '../../../../bundle-spec/src/json.ts'
import { createAuthority, issueCertificate } from '../../../../installer/src/certificates/issue.ts'
import { catalogOf } from '../../../../installer/src/serve/catalog.ts'
import { createRegistryServer, type RegistryServerOptions } from '../../../../installer/src/serve/server.ts'
import type { Blobs } from '../../../../installer/src/serve/shown.ts'
import { type MemoryStore, memoryStore } from '../../../../installer/src/stores/memory.ts'
import { putImage } from '../../../fixtures/release.ts'

export interface Site {
  host: string
  origin: string
  caPem: string
  store: MemoryStore
  manager: Descriptor
  workspace: Descriptor
  /** the layer that both images have */
  base: Descriptor
  /** a signature whose subject is the manager image */
  signature: Descriptor
  /** adds a blob to the manager's repository, as if the image had it */
  largeBlob(content: Buffer): Descriptor
  fetch(path: string, init?: { method?: string; headers?: Record<string, string> }): Promise<Reply>
  server: ReturnType<typeof createRegistryServer>
}

export interface Reply {
  status: number
  headers: Record<string, string | undefined>
  text: string
}

const day = 86_400_000

/** A served store with two images of a shared layer and a referrer, over TLS. Ends with the test. */
export async function servedSite(
  t: TestContext,
  options: Partial<RegistryServerOptions> & { blobs?: Blobs } = {},
): Promise<Site> {
  const store = memoryStore()
  const host = 'registry.vendor.example'
  const manager = await putImage(store, `${host}/cde/manager:0.1.0`, ['base layer', 'manager layer'])
  const workspace = await putImage(store, `${host}/cde/workspace:0.1.0`, ['base layer', 'workspace layer'])
  const config = store.put(toJson({}), mediaTypes.empty)
  const signature = store.put(
    toJson({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: 'application/vnd.example.signature',
      config,
      layers: [config],
      subject: manager,
      annotations: { by: 'the vendor' },
    }),
    mediaTypes.manifest,
  )
  const root = (descriptor: Descriptor, name: string) => ({ descriptor, source: name, target: name })
  const graph = await readGraph(store, [
    root(manager, `${host}/cde/manager:0.1.0`),
    root(manager, `${host}/cde/manager:latest`),
    root(workspace, `${host}/cde/workspace:0.1.0@${workspace.digest}`),
    root(signature, `${host}/cde/manager@${signature.digest}`),
  ])
  const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) }
  const ca = await createAuthority('test CA', ['127.0.0.1'], validity)
  const tls = await issueCertificate(ca, ['127.0.0.1'], validity)
  const more = new Map<string, Descriptor>()
  const names = catalogOf([{ graph, origin: 'test' }])
  const catalog: typeof names = {
    ...names,
    contains: (repository, digest) => more.get(digest) ?? names.contains(repository, digest),
  }
  const shown = { catalog, gallery: [], blobs: options.blobs ?? memoryBlobs(store) }
  const server = createRegistryServer({ shown: () => shown, tls, ...options })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const origin = `https://127.0.0.1:${port}`
  const agent = new Agent({ connect: { ca: ca.certificate }, allowH2: false })
  t.after(async () => {
    await agent.destroy()
    await server.close(0)
  })
  return {
    host: `127.0.0.1:${port}`,
    origin,
    caPem: ca.certificate,
    store,
    manager,
    workspace,
    signature,
    server,
    base: store.put(Buffer.from('base layer'), 'application/vnd.oci.image.layer.v1.tar'),
    largeBlob(content) {
      const descriptor = store.put(content, 'application/octet-stream')
      more.set(descriptor.digest, descriptor)
      return descriptor
    },
    async fetch(path, { method = 'GET', headers = {} } = {}) {
      const answer = await agent.request({ origin, path, method: method as 'GET', headers })
      return {
        status: answer.statusCode,
        headers: answer.headers as Reply['headers'],
        text: await answer.body.text(),
      }
    },
  }
}

/** The code in an answer in the OCI error format. */
export const codeOf = ({ text }: Reply): string => JSON.parse(text).errors[0].code

/** The blobs of a store in memory; what `store.open` gives is read anew for each request. */
export function memoryBlobs(store: MemoryStore): Blobs {
  return {
    async hold(descriptor) {
      const pieces: Uint8Array[] = []
      for await (const piece of await store.open('', descriptor)) pieces.push(piece)
      const bytes = Buffer.concat(pieces)
      return {
        read: async (buffer, length, position) => bytes.copy(buffer, 0, position, position + length),
        confirm: async () => {},
        release: () => {},
      }
    },
  }
}
