import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import { createAuthority, issueCertificate } from '../../../../installer/src/install/own-certificate.ts'
import { readStatus } from '../../../../installer/src/status/status.ts'
import { claims, licenseKeys } from '../../../fixtures/release.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'
import { helmRecord, ofChart, ofWorkload, ofWorkspace } from '../uninstall/installed.ts'

export const host = 'cde.example'
const workload = (kind: string, name: string, component: string): string =>
  JSON.stringify({
    ...{ apiVersion: 'apps/v1', kind, metadata: { name, labels: ofChart(component).metadata?.labels } },
    spec: { selector: { matchLabels: { 'app.kubernetes.io/component': component } } },
  })
const manifest = [
  workload('Deployment', 'cde-manager', 'manager'),
  workload('Deployment', 'cde-dashboard', 'dashboard'),
  workload('StatefulSet', 'cde-postgres-17', 'postgres'),
].join('\n---\n')
const base64 = (values: Record<string, string>) => ({
  data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
})

const onTopOf = (live: unknown, applied: unknown): unknown =>
  isGroup(live) && isGroup(applied)
    ? {
        ...live,
        ...Object.fromEntries(Object.entries(applied).map(([key, value]) => [key, onTopOf(live[key], value)])),
      }
    : applied
const isGroup = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** A cluster with an installation of which everything runs, and a door that answers as its ingress does. */
export async function healthy(t: TestContext) {
  const fake = await fakeKubernetes(t)
  const { put } = fake
  const core = '/api/v1/namespaces/cde'
  const apps = '/apis/apps/v1/namespaces/cde'
  put(core)

  const authority = await createAuthority([host])
  const { certificate, key, ca = '' } = await issueCertificate(authority, [host])
  const routes: Record<string, number> = { '/': 200, '/api/v0/me': 401, upgrade: 401 }
  const door = createServer({ cert: certificate, key }, (request, response) =>
    response.writeHead(routes[request.url ?? ''] ?? 404).end(),
  )
  door.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 ${routes.upgrade} Refused\r\n\r\n`))
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  t.after(() => door.close())
  const { port } = door.address() as AddressInfo
  put(`${core}/services/cde-ingress`, {
    spec: { type: 'LoadBalancer', ports: [{ name: 'https', port }] },
    status: { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } },
  })
  put(`${core}/secrets/cde-tls`, base64({ 'tls.crt': certificate, 'tls.key': key, 'ca.crt': ca }))

  const licenses = licenseKeys()
  /** the license that came with the installation */
  const license = async (changes: Parameters<typeof claims>[0] = {}) =>
    put(`${core}/secrets/cde-license`, base64({ license: await issueLicense(claims(changes), licenses.privateKey) }))
  /** what the manager's metrics say of the one that counts */
  const inForce = (changes: Parameters<typeof claims>[0] = {}, standing = 'entitled') => {
    const { id, tier, license_expires: term, exp: grace } = claims(changes)
    const ends = Object.entries({ term, grace }).map(
      ([of, end]) =>
        `cde_license_end_seconds{license=${JSON.stringify(id)},tier="${tier}",standing="${standing}",of="${of}"} ${end}`,
    )
    const text = ['# HELP cde_license_end_seconds when', ...ends, 'cde_workspaces{desired="on"} 1', ''].join('\n')
    fake.answers.set(`${core}/services/http:cde-manager:8080/proxy/metrics`, text)
  }
  await license()
  inForce()
  const config = { ingress: { host }, license: { keys: `${licenses.publicKey}\n${licenseKeys().publicKey}` } }
  const release = (status = 'deployed') =>
    put(`${core}/secrets/sh.helm.release.v1.cde.v1`, helmRecord({ info: { status }, config, manifest }, status))
  release()
  const receipt = (changes: object = {}) => {
    const text = {
      release: { name: 'cde', version: '0.1.0', digest: 'sha256:1' },
      bundle: { index: 'sha256:2', signedBy: 'somebody' },
      site: { server: 'https://cluster', namespace: 'cde', host, registry: '10.0.0.5:5000', mode: 'airgapped' },
      installed: '2026-01-02T03:04:05Z',
      accepted: [],
      ...changes,
    }
    put(`${core}/configmaps/sealift-receipt`, { data: { 'receipt.json': JSON.stringify(text) } })
  }
  receipt()
  /** backups that the installation remembers, oldest first */
  const backups = (...known: object[]) => {
    const made = { id: 'sha256:4', machine: 'pier', path: '/backups/1.backup', created: new Date().toISOString() }
    const all = known.map((changes) => ({ ...made, ...changes }))
    put(`${core}/configmaps/sealift-backups`, { data: { 'backups.json': JSON.stringify(all) } })
  }
  backups({ proven: new Date().toISOString() })
  const runs = { spec: { replicas: 1 }, status: { readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 } }
  const runsAs = (kind: string, component: string) => {
    const selector = { matchLabels: { 'app.kubernetes.io/component': component } }
    return { apiVersion: 'apps/v1', kind, ...ofChart(component), ...runs, spec: { ...runs.spec, selector } }
  }
  /** what was asked to be changed, and not only tried */
  const changed: string[] = []
  fake.intercept = (call, body) => {
    if (call.startsWith('GET ')) return undefined
    const [path = '', query] = call.slice('PATCH '.length).split('?')
    const live = fake.objects.get(path)
    // what an API server would make of what is there
    if (query?.includes('dryRun=All') && live) return [200, onTopOf(live, JSON.parse(body))]
    changed.push(call)
    return undefined
  }
  for (const one of ['manager', 'dashboard']) {
    put(`${apps}/deployments/cde-${one}`, runsAs('Deployment', one))
    const conditions = [{ type: 'Ready', status: 'True' }]
    put(`${core}/pods/cde-${one}-1-a`, ofWorkload(one, undefined, { status: { phase: 'Running', conditions } }))
  }
  const image = '10.0.0.5:5000/cde/workspace@sha256:3'
  const template = { spec: { containers: [{ name: 'workspace', image }] } }
  put(`${apps}/deployments/ws-one`, { ...ofWorkspace('one'), ...runs, spec: { ...runs.spec, template } })
  put(`${apps}/statefulsets/cde-postgres-17`, runsAs('StatefulSet', 'postgres'))
  const bound = { status: { phase: 'Bound', capacity: { storage: '10Gi' } } }
  put(`${core}/persistentvolumeclaims/data-cde-postgres-17-0`, ofWorkload('postgres', undefined, bound))
  put(`${core}/pods/cde-postgres-17-0`, {
    ...ofWorkload('postgres'),
    spec: { nodeName: 'node' },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  })
  const volume = (usedBytes: number) =>
    fake.answers.set('/api/v1/nodes/node/proxy/stats/summary', {
      pods: [
        {
          podRef: { name: 'cde-postgres-17-0', namespace: 'cde' },
          volume: [{ pvcRef: { name: 'data-cde-postgres-17-0' }, usedBytes, capacityBytes: 1000 }],
        },
      ],
    })
  volume(500)
  const look = async () => {
    const { lines, error } = await readStatus(fake.connect(), 'cde')
    return { lines, error, line: (id: string) => lines.find((one) => one.id === id) }
  }
  return { ...fake, fake, core, apps, routes, changed, license, inForce, release, receipt, backups, volume, look }
}
