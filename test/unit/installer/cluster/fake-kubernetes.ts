import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { V1NetworkPolicy, V1Pod } from '@kubernetes/client-node'
import { type Cluster, connectCluster } from '../../../../installer/src/cluster/connection.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

export type Stored = {
  kind?: string
  metadata?: {
    name?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    deletionTimestamp?: string
    finalizers?: string[]
  }
  [field: string]: unknown
}

const kinds: Record<string, [kind: string, resource: string, namespaced: boolean][]> = {
  '/api/v1': [
    ['Namespace', 'namespaces', false],
    ['Pod', 'pods', true],
    ['Secret', 'secrets', true],
    ['Service', 'services', true],
  ],
  '/apis/networking.k8s.io/v1': [
    ['NetworkPolicy', 'networkpolicies', true],
    ['IngressClass', 'ingressclasses', false],
  ],
}

/**
 * A Kubernetes API of objects by their path, in which a namespace takes a while to go, as a real one does: it refuses what
 * is put into it, and is gone after `lingering` looks at it.
 */
export async function fakeKubernetes(t: TestContext, lingering = 1) {
  const objects = new Map<string, Stored>()
  const looks = new Map<string, number>()
  const calls: string[] = []
  const fake = {
    objects,
    /** `METHOD path` of every request */
    calls,
    /** Gives a pod its status when it is made; it runs to its end without a word by default. */
    runPod: (_pod: V1Pod, _policies: V1NetworkPolicy[]): object => ({
      phase: 'Succeeded',
      containerStatuses: [terminated(0)],
    }),
    put: (path: string, object: Stored = {}) =>
      objects.set(path, { ...object, metadata: { name: path.split('/').at(-1) as string, ...object.metadata } }),
    connect: (signal = new AbortController().signal): Cluster => connectCluster({ kubeconfig }, signal),
    kubeconfig: '',
  }

  const answer = (method: string, path: string, text: string): [number, object] => {
    const failure = (code: number, reason: string, more = {}): [number, object] => [
      code,
      { kind: 'Status', status: 'Failure', code, reason, message: `${method} ${path}: ${reason}`, ...more },
    ]
    const list = kinds[path]
    if (list)
      return [200, { resources: list.map(([kind, name, namespaced]) => ({ kind, name, namespaced, verbs: ['get'] })) }]
    const [, space = ''] = /^(?:\/api\/v1|\/apis\/[^/]+\/v1)(\/namespaces\/[^/]+)\/./.exec(path) ?? []
    const namespace = space && objects.get(`/api/v1${space}`)
    if (space && !namespace) return failure(404, 'NotFound')
    if (method === 'GET') {
      const found = objects.get(path)
      if (!found) return failure(404, 'NotFound')
      if (found.metadata?.deletionTimestamp !== undefined) {
        const seen = (looks.get(path) ?? 0) + 1
        looks.set(path, seen)
        if (seen > lingering)
          for (const key of objects.keys()) if (`${key}/`.startsWith(`${path}/`)) objects.delete(key)
      }
      return [200, found]
    }
    if (method === 'DELETE') {
      const found = objects.get(path)
      if (!found) return failure(404, 'NotFound')
      if (!/^\/api\/v1\/namespaces\/[^/]+$/.test(path)) objects.delete(path)
      else
        objects.set(path, {
          ...found,
          metadata: { ...found.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
          status: { phase: 'Terminating' },
        })
      looks.delete(path)
      return [200, { kind: 'Status', status: 'Success' }]
    }
    if (namespace && namespace.metadata?.deletionTimestamp !== undefined)
      return failure(403, 'Forbidden', {
        message: 'forbidden: unable to create new content in namespace because it is being terminated',
        details: { causes: [{ reason: 'NamespaceTerminating' }] },
      })
    const object = JSON.parse(text) as Stored
    if (object.kind === undefined && path.endsWith('/selfsubjectaccessreviews'))
      return [201, { ...object, status: { allowed: true } }]
    const at = method === 'POST' ? `${path}/${object.metadata?.name}` : path
    if (object.kind === 'Pod') {
      const policies = [...objects.values()].filter(({ kind }) => kind === 'NetworkPolicy')
      object.status = fake.runPod(object as unknown as V1Pod, policies as unknown as V1NetworkPolicy[])
    }
    // what is being deleted goes on being deleted, whoever writes to it
    const { deletionTimestamp } = objects.get(at)?.metadata ?? {}
    objects.set(at, { ...object, metadata: { ...object.metadata, ...(deletionTimestamp && { deletionTimestamp }) } })
    return [method === 'POST' ? 201 : 200, object]
  }

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://cluster')
    calls.push(`${request.method} ${pathname}`)
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const [status, body] = answer(request.method ?? '', pathname, text)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const kubeconfig = join(await temporaryDirectory(t), 'kubeconfig')
  fake.kubeconfig = kubeconfig
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  return fake
}

export const terminated = (exitCode: number) => ({ name: 'probe', state: { terminated: { exitCode } } })
