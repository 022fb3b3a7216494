import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { fakeKubernetes, type Stored } from '../cluster/fake-kubernetes.ts'

const label = (name: string) => `app.kubernetes.io/${name}`

/** As the chart labels what is in the release `cde` of a namespace, and Helm marks it. */
export const ofChart = (component: string, namespace = 'cde', annotations: Record<string, string> = {}): Stored => ({
  metadata: {
    labels: {
      [label('part-of')]: 'cde',
      [label('instance')]: 'cde',
      [label('component')]: component,
      [label('managed-by')]: 'Helm',
    },
    annotations: {
      'meta.helm.sh/release-name': 'cde',
      'meta.helm.sh/release-namespace': namespace,
      ...annotations,
    },
  },
})
/** Pods and claims of the chart's workloads: Helm does not mark them. */
export const ofWorkload = (component: string, owner?: string, more: object = {}): Stored => ({
  ...more,
  metadata: {
    labels: { [label('part-of')]: 'cde', [label('instance')]: 'cde', [label('component')]: component },
    ...(owner === undefined ? {} : { ownerReferences: [{ uid: owner }] }),
  },
})
export const ofInstaller: Stored = {
  metadata: { labels: { [label('managed-by')]: 'sealift', [label('part-of')]: 'cde' } },
}
export const ofWorkspace = (id: string, owner?: string): Stored => ({
  metadata: {
    labels: {
      [label('part-of')]: 'cde',
      [label('component')]: 'workspace',
      [label('managed-by')]: 'cde-manager',
      'sealift.dev/workspace': id,
    },
    ...(owner === undefined ? {} : { ownerReferences: [{ uid: owner }] }),
  },
})

const keep = { 'helm.sh/resource-policy': 'keep' }

/** A record as Helm writes it. */
export const helmRecord = (content: object, status = 'deployed', version = '1'): Stored => ({
  metadata: { labels: { owner: 'helm', name: 'cde', status, version } },
  data: {
    release: Buffer.from(gzipSync(JSON.stringify(content)).toString('base64')).toString('base64'),
  },
})

export const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cde-envproxy }
spec: { selector: { matchLabels: { app.kubernetes.io/component: envproxy } } }
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: cde.cde }
`

/** A cluster with one installation in namespace cde, another one in namespace second, and what any cluster has. */
export async function installed(t: TestContext) {
  const fake = await fakeKubernetes(t)
  const { put } = fake
  const core = '/api/v1/namespaces/cde'
  const apps = '/apis/apps/v1/namespaces/cde'
  put('/api/v1/namespaces/cde', ofInstaller)
  for (const one of ['license', 'tls', 'ca']) put(`${core}/secrets/cde-${one}`, ofInstaller)
  put(`${core}/configmaps/sealift-journal`, ofInstaller)
  put(`${core}/configmaps/sealift-receipt`, ofInstaller)
  put(`${core}/configmaps/sealift-answers`, ofInstaller)
  const info = { status: 'deployed' }
  put(`${core}/secrets/sh.helm.release.v1.cde.v1`, helmRecord({ info, config: {}, manifest }))
  for (const one of ['admin', 'postgres', 'ssh']) put(`${core}/secrets/cde-${one}`, ofChart('manager', 'cde', keep))
  put(`${core}/secrets/cde-ticket`, ofChart('manager'))
  put(`${core}/services/cde-manager`, ofChart('manager'))
  put(`${core}/serviceaccounts/cde-manager`, ofChart('manager'))
  put('/apis/networking.k8s.io/v1/ingressclasses/cde.cde', ofChart('ingress'))
  put('/apis/networking.k8s.io/v1/namespaces/cde/networkpolicies/cde-manager', ofChart('manager'))
  put(`${apps}/deployments/cde-envproxy`, ofChart('envproxy'))
  put(`${apps}/replicasets/cde-envproxy-1`, ofWorkload('envproxy', `${apps}/deployments/cde-envproxy`))
  const slow = { spec: { terminationGracePeriodSeconds: 14_400 } }
  put(`${core}/pods/cde-envproxy-1-a`, ofWorkload('envproxy', `${apps}/replicasets/cde-envproxy-1`, slow))
  put(`${apps}/statefulsets/cde-postgres-17`, ofChart('postgres'))
  put(`${core}/pods/cde-postgres-17-0`, ofWorkload('postgres', `${apps}/statefulsets/cde-postgres-17`))
  const claim = { spec: { volumeName: 'pv-1', resources: { requests: { storage: '10Gi' } } } }
  put(`${core}/persistentvolumeclaims/data-cde-postgres-17-0`, ofWorkload('postgres', undefined, claim))
  put(`${apps}/deployments/ws-one`, ofWorkspace('one'))
  put(`${core}/pods/ws-one-a`, ofWorkspace('one', `${apps}/deployments/ws-one`))
  put(`${core}/services/ws-one`, ofWorkspace('one'))
  put(`${core}/persistentvolumeclaims/ws-one-home`, ofWorkspace('one'))
  // of nobody, or of somebody else
  put(`${core}/configmaps/kube-root-ca.crt`)
  put(`${core}/serviceaccounts/default`)
  put(`${core}/events/one`)
  put('/api/v1/namespaces/second', ofInstaller)
  put('/api/v1/namespaces/second/secrets/cde-license', ofInstaller)
  put('/apis/networking.k8s.io/v1/ingressclasses/cde.second', ofChart('ingress', 'second'))
  put('/api/v1/namespaces/second-pull-probe', ofInstaller)
  put('/apis/networking.k8s.io/v1/ingressclasses/nginx', { metadata: { labels: { [label('managed-by')]: 'Helm' } } })
  const paths = () => [...fake.objects.keys()]
  return {
    ...fake,
    fake,
    core,
    apps,
    untouched: paths().filter((path) => /second|nginx|crt|default|events/.test(path)),
  }
}
