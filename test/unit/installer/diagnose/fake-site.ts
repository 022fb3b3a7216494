import { writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

/** What is answered at a path: JSON, text, or by hand. */
type Answer = object | string | ((response: ServerResponse, query: URLSearchParams) => void)

/** An object as a test writes it. */
export interface Written {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; [field: string]: unknown }
  [field: string]: unknown
}

const plural = (kind: string): string => {
  const name = kind.toLowerCase()
  return /(?:s|x|ss)$/.test(name) ? `${name}es` : name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`
}

/** A Kubernetes API that may be read: lists of objects by discovery, and whatever a test answers at other paths. */
export async function fakeSite(t: TestContext, objects: readonly Written[], token = 'none') {
  const answers = new Map<string, Answer>([['/version', { major: '1', minor: '34', gitVersion: 'v1.34.4' }]])
  const calls: string[] = []
  const base = (apiVersion: string) => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`)
  const versions = [...new Set(['v1', ...objects.map(({ apiVersion }) => apiVersion)])]
  for (const version of versions) {
    const of = objects.filter(({ apiVersion }) => apiVersion === version)
    const resources = [...new Set(of.map(({ kind }) => kind))].map((kind) => ({
      name: plural(kind),
      kind,
      namespaced: of.some((one) => one.kind === kind && one.metadata.namespace !== undefined),
      verbs: ['get', 'list'],
    }))
    answers.set(base(version), { resources })
    for (const { name, kind, namespaced } of resources) {
      // in a list, objects do not say what they are
      const items = of.filter((one) => one.kind === kind).map(({ apiVersion, kind, ...rest }) => rest)
      answers.set(`${base(version)}${namespaced ? '/namespaces/cde' : ''}/${name}`, {
        apiVersion: version,
        kind: `${kind}List`,
        items,
      })
    }
  }
  const groups = versions
    .filter((one) => one.includes('/'))
    .map((groupVersion) => ({ preferredVersion: { groupVersion } }))
  answers.set('/apis', { groups })

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://cluster')
    calls.push(`${request.method} ${pathname}`)
    const answer = answers.get(decodeURIComponent(pathname))
    const send = (status: number, type: string, text: string) =>
      response.writeHead(status, { 'content-type': type }).end(text)
    if (typeof answer === 'function') answer(response, searchParams)
    else if (typeof answer === 'string') send(200, 'text/plain', answer)
    else if (answer) send(200, 'application/json', JSON.stringify(answer))
    else
      send(404, 'application/json', JSON.stringify({ kind: 'Status', code: 404, message: `${pathname} is not there` }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const kubeconfig = join(await temporaryDirectory(t), 'config')
  const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true }
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  return { kubeconfig, answers, calls }
}

/** Refuses a path as the API server does. */
export const forbidden: Answer = (response) => {
  response.writeHead(403, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message: 'User "ann" cannot do this' }))
}
