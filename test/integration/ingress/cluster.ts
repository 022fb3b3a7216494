import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { selfSigned } from '../../../services/ingress/default-certificate.ts'

type Kind = 'ingresses' | 'services' | 'endpointslices' | 'secrets'
type Stored = { metadata?: { name?: string; namespace?: string; resourceVersion?: string } }

/** As much of a Kubernetes API as the controller speaks to: lists, watches, events and one status. */
export async function startCluster(t: TestContext, first: Record<Kind, readonly object[]>) {
  const stored = new Map<Kind, Map<string, Stored>>()
  const watchers = new Map<Kind, Set<ServerResponse>>()
  const written: { method: string; path: string; body: Record<string, unknown> }[] = []
  let version = 1
  /** events in their order: what a watch that starts later has missed */
  const history: { kind: Kind; version: number; line: string }[] = []
  for (const [kind, objects] of Object.entries(first) as [Kind, Stored[]][]) {
    stored.set(kind, new Map(objects.map((object) => [object.metadata?.name ?? '', object])))
    watchers.set(kind, new Set())
  }
  const pem = selfSigned(new Date())
  const server = createServer({ cert: pem, key: pem }, (request, response) => {
    const url = new URL(request.url ?? '', 'http://cluster')
    response.setHeader('content-type', 'application/json')
    if (request.method !== 'GET') {
      let text = ''
      request.on('data', (chunk: Buffer) => {
        text += chunk
      })
      request.on('end', () => {
        written.push({ method: request.method ?? '', path: url.pathname, body: JSON.parse(text) })
        response.writeHead(request.method === 'POST' ? 201 : 200).end(text)
      })
      return
    }
    const kind = url.pathname.split('/').at(-1) as Kind
    const objects = stored.get(kind)
    if (!objects) return void response.writeHead(404).end('{}')
    if (url.searchParams.get('watch') !== 'true') {
      response.end(JSON.stringify({ metadata: { resourceVersion: String(version) }, items: [...objects.values()] }))
      return
    }
    response.flushHeaders()
    const since = Number(url.searchParams.get('resourceVersion') ?? version)
    for (const event of history) if (event.kind === kind && event.version > since) response.write(event.line)
    watchers.get(kind)?.add(response)
    response.on('close', () => watchers.get(kind)?.delete(response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    written,
    /** kubeconfig entry of this cluster */
    entry: {
      server: `https://127.0.0.1:${port}`,
      'certificate-authority-data': Buffer.from(pem).toString('base64'),
      'tls-server-name': 'ingress.invalid',
    },
    /** Stores an object and tells those who watch. */
    apply(kind: Kind, object: Stored) {
      version += 1
      const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
      const name = object.metadata?.name ?? ''
      const type = stored.get(kind)?.has(name) ? 'MODIFIED' : 'ADDED'
      stored.get(kind)?.set(name, stamped)
      const line = `${JSON.stringify({ type, object: stamped })}\n`
      history.push({ kind, version, line })
      for (const watcher of watchers.get(kind) ?? []) watcher.write(line)
    },
    /** Ends every watch, as an API server does now and then. */
    dropWatches() {
      for (const set of watchers.values()) {
        for (const watcher of set) watcher.end()
        set.clear()
      }
    },
  }
}
