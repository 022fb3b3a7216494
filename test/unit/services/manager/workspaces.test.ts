import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { V1Deployment, V1Pod } from '@kubernetes/client-node'
import { newIdentifier } from '../../../../services/manager/identifiers.ts'
import { homeState, lacksAny } from '../../../../services/manager/workspaces/belongings.ts'
import { workspaceObjects } from '../../../../services/manager/workspaces/objects.ts'
import { observation } from '../../../../services/manager/workspaces/observation.ts'
import { type Progress, statusOf } from '../../../../services/manager/workspaces/status.ts'

const spec = { id: 'abcdefghij', image: 'r/ws@sha256:0', cpuMilli: 1500, memoryGiB: 4, diskGiB: 20, on: true }
const site = {
  namespace: 'cde',
  image: 'r/ws@sha256:0',
  pullSecrets: ['cde-registry'],
  storageClass: 'fast',
  caConfigMap: 'cde-ca',
}

test('a workspace is a ServiceAccount, a claim, a Deployment and two Services with the agreed names and labels', () => {
  const objects = workspaceObjects(spec, site)
  assert.deepEqual(
    objects.map((object) => [object.kind, object.metadata?.name]),
    [
      ['ServiceAccount', 'ws-abcdefghij'],
      ['PersistentVolumeClaim', 'ws-abcdefghij-home'],
      ['Service', 'ws-abcdefghij'],
      ['Deployment', 'ws-abcdefghij'],
      ['Service', 'ws-abcdefghij-pod'],
    ],
  )
  for (const { metadata } of objects) {
    assert.equal(metadata?.namespace, 'cde')
    assert.equal(metadata?.labels?.['app.kubernetes.io/part-of'], 'cde')
    assert.equal(metadata?.labels?.['app.kubernetes.io/component'], 'workspace')
    assert.equal(metadata?.labels?.['sealift.dev/workspace'], 'abcdefghij')
  }
  const [account, claim, service, deployment, pod] = objects
  assert.equal(account.automountServiceAccountToken, false)
  assert.deepEqual(claim.spec?.resources?.requests, { storage: '20Gi' })
  assert.equal(claim.spec?.storageClassName, 'fast')
  assert.deepEqual(
    service.spec?.ports?.map((one) => [one.name, one.port]),
    [
      ['agent', 26337],
      ['ide', 13337],
      ['ssh', 12212],
    ],
  )
  assert.equal(pod.spec?.clusterIP, 'None', 'its name is the address of the pod, at any port')
  assert.deepEqual(pod.spec?.selector, service.spec?.selector)
  assert.equal(deployment.spec?.replicas, 1)
  assert.equal(deployment.spec?.strategy?.type, 'Recreate')
  assert.equal(workspaceObjects({ ...spec, on: false }, site)[3].spec?.replicas, 0)
})

test('the pod is restricted: no root, no token, no capabilities, read-only but for home and tmp', () => {
  const pod = workspaceObjects(spec, site)[3].spec?.template.spec
  assert.equal(pod?.automountServiceAccountToken, false)
  assert.equal(pod?.serviceAccountName, 'ws-abcdefghij')
  assert.deepEqual(pod?.imagePullSecrets, [{ name: 'cde-registry' }])
  const { runAsNonRoot, runAsUser, fsGroup, seccompProfile } = pod?.securityContext ?? {}
  assert.deepEqual([runAsNonRoot, runAsUser, fsGroup, seccompProfile?.type], [true, 10001, 10001, 'RuntimeDefault'])
  const [container] = pod?.containers ?? []
  assert.deepEqual(container?.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  assert.deepEqual(
    container?.volumeMounts?.filter((mount) => mount.readOnly !== true).map((mount) => mount.mountPath),
    ['/home/coder', '/tmp'],
  )
  assert.deepEqual(container?.resources?.limits, { cpu: '1500m', memory: '4Gi' })
})

test('the editor is told of the site’s gallery, and of none where there is none', () => {
  const told = (gallery?: string) =>
    workspaceObjects(spec, { ...site, gallery })[3].spec?.template.spec?.containers[0]?.env?.find(
      ({ name }) => name === 'EDITORS_GALLERY',
    )?.value
  assert.equal(told('https://vsx.site.example'), 'https://vsx.site.example')
  assert.equal(told(), undefined)
})

test('what is not set at the site is left out, so that the cluster decides', () => {
  const bare = { ...site, pullSecrets: [], storageClass: undefined, caConfigMap: undefined }
  const [, claim, , deployment] = workspaceObjects(spec, bare)
  assert.ok(!('storageClassName' in (claim.spec ?? {})))
  const pod = deployment.spec?.template.spec
  assert.deepEqual(
    pod?.volumes?.map((volume) => volume.name),
    ['home', 'tmp'],
  )
})

const deployment = (change: Partial<V1Deployment> = {}): V1Deployment => ({
  metadata: { generation: 2 },
  spec: { replicas: 1, selector: {}, template: {} },
  status: { observedGeneration: 2, readyReplicas: 1, updatedReplicas: 1 },
  ...change,
})
const waiting = (reason: string): V1Pod => ({
  status: {
    containerStatuses: [
      {
        name: 'w',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason, message: 'm' } },
      },
    ],
  },
})
const on: Progress = { desired: 'on', applied: true, homeMade: true, failure: undefined }

test('status follows what was asked for and what Kubernetes shows', () => {
  const cases: [string, Progress, Parameters<typeof observation> | 'unknown', string, RegExp?][] = [
    ['ready', on, [deployment(), []], 'ON'],
    [
      'not ready yet',
      on,
      [deployment({ status: { observedGeneration: 2 } }), [waiting('ContainerCreating')]],
      'CREATING',
    ],
    [
      'an old status does not count',
      on,
      [deployment({ status: { observedGeneration: 1, readyReplicas: 1 } }), []],
      'CREATING',
    ],
    ['bad image', on, [deployment({ status: {} }), [waiting('ImagePullBackOff')]], 'FAILED', /ImagePullBackOff: m/],
    ['rebuilding', { ...on, applied: false }, [deployment(), []], 'CREATING', /rebuilding/],
    [
      'the old pod on its way out does not count',
      on,
      [deployment({ status: { observedGeneration: 2, readyReplicas: 1 } }), []],
      'CREATING',
    ],
    ['nothing there', on, [undefined, []], 'CREATING'],
    ['Kubernetes away', on, 'unknown', 'UNKNOWN'],
    ['Kubernetes away, new', { ...on, applied: false }, 'unknown', 'CREATING', /does not answer/],
    ['refused', { ...on, failure: 'quota' }, [undefined, []], 'FAILED', /quota/],
    ['off', { ...on, desired: 'off' }, [deployment({ spec: { replicas: 0, selector: {}, template: {} } }), []], 'OFF'],
    ['stopping', { ...on, desired: 'off' }, [deployment(), [waiting('x')]], 'OFF', /stopping/],
  ]
  for (const [what, row, seen, status, message] of cases) {
    const shown = statusOf(row, seen === 'unknown' ? { seen: 'unknown' } : observation(...seen))
    assert.equal(shown.status, status, what)
    if (message !== undefined) assert.match(shown.message ?? '', message, what)
  }
})

test('a deadline that passed is a failure, and a pod without a node says so', () => {
  const late = deployment({
    status: { conditions: [{ type: 'Progressing', status: 'False', message: 'deadline exceeded' }] },
  })
  assert.deepEqual(statusOf(on, observation(late, [])), { status: 'FAILED', message: 'deadline exceeded' })
  const pending: V1Pod = { status: { conditions: [{ type: 'PodScheduled', status: 'False', message: 'no memory' }] } }
  const { status, message } = statusOf(on, observation(deployment({ status: {} }), [pending]))
  assert.equal(status, 'CREATING')
  assert.match(message ?? '', /no memory/)
})

test('what Kubernetes tries again by itself is a failure only when it lasts', () => {
  const pod = waiting('ErrImagePull')
  const began = Date.now()
  const early = { ...pod, status: { ...pod.status, startTime: new Date(began) } }
  const shown = (seconds: number) =>
    statusOf(on, observation(deployment({ status: {} }), [early], began + seconds * 1000))
  assert.deepEqual(shown(5), { status: 'CREATING', message: 'ErrImagePull: m' })
  assert.deepEqual(shown(40), { status: 'FAILED', message: 'ErrImagePull: m' })
  const never = { status: { ...waiting('InvalidImageName').status, startTime: new Date(began) } }
  assert.equal(statusOf(on, observation(deployment({ status: {} }), [never], began)).status, 'FAILED')
})

test('a home that was lost is a failure and says who can help; one that is going warns as long as it is there', () => {
  const seen = { seen: 'present', ready: true, off: false } as const
  const shown = (row: Progress, home: 'there' | 'lost' | 'going' | 'growing') => statusOf(row, { ...seen, home })
  assert.deepEqual(shown(on, 'there'), { status: 'ON', message: undefined })
  assert.equal(shown(on, 'lost').status, 'FAILED')
  assert.match(shown(on, 'lost').message ?? '', /restore it under the same name/)
  assert.equal(shown({ ...on, desired: 'off' }, 'lost').status, 'FAILED', 'not only once it is started')
  assert.equal(shown({ ...on, homeMade: false }, 'lost').status, 'ON', 'it has had none yet')
  assert.equal(shown(on, 'going').status, 'ON')
  assert.match(shown(on, 'going').message ?? '', /before it stops/)
  assert.match(shown(on, 'growing').message ?? '', /stop and start/)
})

test('what is missing is seen by name, and the claim says how the home is', () => {
  const [account, claim, service, , pod] = workspaceObjects(spec, site)
  const whole = { services: [service, pod], accounts: [account] }
  assert.equal(lacksAny(spec.id, whole), false)
  for (const less of [{ services: [service] }, { services: [pod] }, { accounts: [] }])
    assert.equal(lacksAny(spec.id, { ...whole, ...less }), true, JSON.stringify(less))
  const pending = { type: 'FileSystemResizePending', status: 'True' }
  assert.deepEqual(
    [
      claim,
      undefined,
      { ...claim, status: { phase: 'Lost' } },
      { ...claim, metadata: { deletionTimestamp: new Date() } },
      { ...claim, status: { phase: 'Bound', conditions: [pending] } },
      { ...claim, status: { phase: 'Bound', conditions: [{ ...pending, status: 'False' }] } },
    ].map(homeState),
    ['there', 'lost', 'lost', 'going', 'growing', 'there'],
  )
})

test('identifiers have ten characters of a-z and 0-9, and differ', () => {
  const made = new Set(Array.from({ length: 1000 }, newIdentifier))
  assert.equal(made.size, 1000)
  for (const one of made) assert.match(one, /^[a-z0-9]{10}$/)
})

test('the login to the proxy is put into its URLs by the kubelet, from the secret', () => {
  const proxy = { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.lan' }
  const of = (more: object) =>
    workspaceObjects(spec, { ...site, ...more })[3].spec?.template.spec?.containers[0]?.env ?? []
  const env = of({ proxy, proxyLoginSecret: 'cde-proxy' })
  const at = (name: string) => env.findIndex((one) => one.name === name)
  assert.deepEqual(env[at('PROXY_LOGIN')]?.valueFrom, { secretKeyRef: { name: 'cde-proxy', key: 'login' } })
  for (const name of ['HTTPS_PROXY', 'https_proxy']) {
    assert.ok(at('PROXY_LOGIN') < at(name))
    assert.equal(env[at(name)]?.value, 'http://$(PROXY_LOGIN)@proxy:3128')
  }
  assert.equal(env[at('NO_PROXY')]?.value, '.lan')
  for (const more of [{ proxy }, { proxyLoginSecret: 'cde-proxy' }])
    assert.ok(of(more).every(({ name, valueFrom }) => name !== 'PROXY_LOGIN' && valueFrom === undefined))
})
