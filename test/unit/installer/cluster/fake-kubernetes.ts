import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { V1NetworkPolicy, V1Pod } from '@kubernetes/client-node'
import { type Cluster, connectCluster } from '../../../../installer/src/cluster/connection.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { type RunInPod, serveExec } from './exec-server.ts'

export type Stored = {
  kind?: string
  metadata?: {
    name?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    deletionTimestamp?: string
    deletionGracePeriodSeconds?: number
    finalizers?: string[]
    uid?: string
    ownerReferences?: { uid: string }[]
  }
  [field: string]: unknown
}

const kinds: Record<string, [kind: string, resource: string, namespaced: boolean][]> = {
  '/api/v1': [
    ['Namespace', 'namespaces', false],
    ['Pod', 'pods', true],
    ['Secret', 'secrets', true],
    ['Service', 'services', true],
    ['ConfigMap', 'configmaps', true],
    ['Event', 'events', true],
    ['PersistentVolume', 'persistentvolumes', false],
    ['PersistentVolumeClaim', 'persistentvolumeclaims', true],
    ['ServiceAccount', 'serviceaccounts', true],
  ],
  '/apis/apps/v1': [
    ['Deployment', 'deployments', true],
    ['ReplicaSet', 'replicasets', true],
    ['StatefulSet', 'statefulsets', true],
  ],
  '/apis/networking.k8s.io/v1': [
    ['Ingress', 'ingresses', true],
    ['NetworkPolicy', 'networkpolicies', true],
    ['IngressClass', 'ingressclasses', false],
  ],
}

const isNamespace = /^\/api\/v1\/namespaces\/[^/]+$/

/** The paths of collections: `/api/v1/pods`, `/api/v1/namespaces/NAME/pods`. */
const collection = new RegExp(
  `^(${Object.keys(kinds).join('|')})(/namespaces/[^/]+)?/(${Object.values(kinds)
    .flat()
    .map(([, resource]) => resource)
    .join('|')})$`,
)

/** Label selectors as far as the installer uses them: `a=b`, `a in (b,c)`. */
function selects(selector: string, labels: Record<string, string> = {}): boolean {
  const terms = selector.match(/[^,(]+(\([^)]*\))?/g) ?? []
  return terms.every((term) => {
    const [, key = '', set] = /^(\S+) in \(([^)]*)\)$/.exec(term) ?? []
    if (set !== undefined) return set.split(',').includes(labels[key] ?? '')
    const [name = '', value] = term.split('=')
    return labels[name] === value
  })
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
      objects.set(path, { ...object, metadata: { ...named(path), ...object.metadata } }),
    /** Which calls (`METHOD path`) are refused with 403. */
    forbids: (_call: string): boolean => false,
    /** What a SelfSubjectAccessReview answers for its attributes. */
    allows: (_attributes: { verb: string; resource: string; namespace?: string }): boolean => true,
    /** Called with each `METHOD path` before it is answered: for what others do meanwhile. */
    before: (_call: string): void => {},
    /** Answers for paths that no object has: statistics, metrics. */
    answers: new Map<string, unknown>(),
    /** Answers any call (`METHOD path?query`) first: status, body, headers. */
    intercept: (
      _call: string,
      _body: string,
    ): [status: number, body: unknown, headers?: Record<string, string>] | undefined => undefined,
    /** What is run where somebody executes a program in a pod; 404 by default. */
    execute: undefined as RunInPod | undefined,
    connect: (signal = new AbortController().signal): Cluster => connectCluster({ kubeconfig }, signal),
    kubeconfig: '',
  }

  /** As the garbage collector: what follows an object goes after it. */
  const drop = (path: string) => {
    const uid = objects.get(path)?.metadata?.uid
    objects.delete(path)
    for (const [key, { metadata }] of objects)
      if (uid !== undefined && metadata?.ownerReferences?.some((owner) => owner.uid === uid)) remove(key)
  }
  /** Pods with a time to end, and what has finalizers, are there until somebody takes them away. */
  const remove = (path: string, grace?: number) => {
    const found = objects.get(path) as Stored
    const { metadata = {} } = found
    const end =
      grace ?? metadata.deletionGracePeriodSeconds ?? (found as { spec?: Grace }).spec?.terminationGracePeriodSeconds
    if (!metadata.finalizers?.length && !(end !== undefined && end > 60)) return drop(path)
    const deletionGracePeriodSeconds = end ?? 0
    objects.set(path, {
      ...found,
      metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds },
    })
  }

  const answer = (
    method: string,
    path: string,
    text: string,
    query: URLSearchParams,
    isMerge: boolean,
  ): [number, unknown] => {
    const failure = (code: number, reason: string, more = {}): [number, object] => [
      code,
      { kind: 'Status', status: 'Failure', code, reason, message: `${method} ${path}: ${reason}`, ...more },
    ]
    fake.before(`${method} ${path}`)
    if (fake.forbids(`${method} ${path}`)) return failure(403, 'Forbidden')
    const list = kinds[path]
    if (list) {
      const verbs = ['get', 'list', 'delete']
      return [200, { resources: list.map(([kind, name, namespaced]) => ({ kind, name, namespaced, verbs })) }]
    }
    if (path === '/apis') {
      const groups = Object.keys(kinds).flatMap((key) => key.match(/(?<=^\/apis\/).*/) ?? [])
      return [200, { groups: groups.map((groupVersion) => ({ versions: [{ groupVersion }] })) }]
    }
    if (fake.answers.has(path)) return [200, fake.answers.get(path)]
    const [, base, within = '', resource] = collection.exec(path) ?? []
    if (method === 'GET' && base !== undefined) {
      const at = new RegExp(`^${base}${within || '(/namespaces/[^/]+)?'}/${resource}/[^/]+$`)
      const items = [...objects].flatMap(([key, object]) => (at.test(key) ? [object] : []))
      const selector = query.get('labelSelector') ?? ''
      return [200, { kind: 'List', items: items.filter(({ metadata }) => selects(selector, metadata?.labels)) }]
    }
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
          for (const key of objects.keys())
            if (key === path || (isNamespace.test(path) && key.includes(`${path.slice('/api/v1'.length)}/`)))
              objects.delete(key)
      }
      return [200, found]
    }
    if (method === 'DELETE') {
      const found = objects.get(path)
      if (!found) return failure(404, 'NotFound')
      if (!isNamespace.test(path)) {
        const { preconditions, gracePeriodSeconds } = JSON.parse(text || '{}')
        if (preconditions && preconditions.uid !== found.metadata?.uid) return failure(409, 'Conflict')
        remove(path, gracePeriodSeconds)
      } else
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
    if (object.kind === undefined && path.endsWith('/selfsubjectaccessreviews')) {
      const { resourceAttributes } = (object as { spec: { resourceAttributes: { verb: string; resource: string } } })
        .spec
      return [201, { ...object, status: { allowed: fake.allows(resourceAttributes) } }]
    }
    if (query.has('dryRun')) return [200, object]
    const at = method === 'POST' ? `${path}/${object.metadata?.name}` : path
    if (object.kind === 'Pod') {
      const policies = [...objects.values()].filter(({ kind }) => kind === 'NetworkPolicy')
      object.status = fake.runPod(object as unknown as V1Pod, policies as unknown as V1NetworkPolicy[])
    }
    const there = objects.get(at)
    if (method === 'PATCH' && isMerge) {
      if (!there) return failure(404, 'NotFound')
      objects.set(at, { ...there, ...object, metadata: { ...there.metadata, ...object.metadata } })
      return [200, object]
    }
    // what is being deleted goes on being deleted, whoever writes to it
    const { deletionTimestamp } = there?.metadata ?? {}
    const metadata = { ...named(at), ...object.metadata, ...(deletionTimestamp && { deletionTimestamp }) }
    objects.set(at, { ...object, metadata })
    return [method === 'POST' ? 201 : 200, object]
  }

  const server = createServer((request, response) => {
    const type = request.headers['content-type'] ?? ''
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://cluster')
    calls.push(`${request.method} ${pathname}`)
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const [status, body, headers = {}] =
        fake.intercept(`${request.method} ${request.url}`, text) ??
        ([...answer(request.method ?? '', pathname, text, searchParams, type.includes('merge-patch')), {}] as const)
      const [sent, content] =
        typeof body === 'string' ? ['text/plain', body] : ['application/json', JSON.stringify(body)]
      response.writeHead(status, { 'content-type': sent, ...headers }).end(content)
    })
  })
  serveExec(server, (asked) => {
    calls.push(`EXEC ${asked.pod} ${asked.command.join(' ')}`)
    return fake.execute?.(asked)
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

type Grace = { terminationGracePeriodSeconds?: number }

/** What a path says of the object at it; its uid is the path. */
function named(path: string) {
  const [, namespace] = /\/namespaces\/([^/]+)\/./.exec(path) ?? []
  return { name: path.split('/').at(-1) as string, uid: path, ...(namespace && { namespace }) }
}

export const terminated = (exitCode: number) => ({ name: 'probe', state: { terminated: { exitCode } } })
