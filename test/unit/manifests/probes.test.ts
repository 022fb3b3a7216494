import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lameDuckMs } from '../../../services/lame-duck.ts'
import { workspaceObjects } from '../../../services/manager/workspaces/objects.ts'
import { objects, podsOf, type Rendered, valuesSets } from './rendered-chart.ts'

/** Seconds until a probe gives up (Kubernetes API, v1.Probe with its defaults). */
const patience = ({ periodSeconds = 10, failureThreshold = 3 }: Rendered): number => periodSeconds * failureThreshold

/** A container is killed for not listening alone, and takes ten times longer to be killed than to be left out. */
function check(name: string, { livenessProbe, readinessProbe, startupProbe }: Rendered): void {
  assert.ok(livenessProbe.tcpSocket, `${name}: liveness asks for more than a listener`)
  assert.ok(patience(livenessProbe) >= 120, `${name}: killed after ${patience(livenessProbe)} s`)
  assert.ok(livenessProbe.timeoutSeconds >= 10, `${name}: an answer counts for ${livenessProbe.timeoutSeconds} s`)
  assert.ok(patience(livenessProbe) >= 10 * patience(readinessProbe), `${name}: liveness beside readiness`)
  if (startupProbe === undefined) return
  assert.ok(startupProbe.tcpSocket, `${name}: start asks for more than a listener`)
  assert.ok(patience(startupProbe) >= 300, `${name}: has ${patience(startupProbe)} s to start`)
}

for (const { name, values } of await valuesSets())
  test(`with ${name} no pod is killed for being slow`, async () => {
    const pods = podsOf(await objects(values))
    assert.ok(pods.length >= 3)
    for (const object of pods)
      for (const container of object.spec.template.spec.containers) check(object.metadata.name, container)
  })

test('no workspace is killed for being slow', () => {
  const spec = { id: 'abcdefghij', image: 'i', cpuMilli: 1000, memoryGiB: 1, diskGiB: 1, on: true }
  const site = { namespace: 'cde', image: 'i', pullSecrets: [], storageClass: undefined, caConfigMap: undefined }
  const deployment = workspaceObjects(spec, site)[3]
  check('workspace', deployment.spec?.template.spec?.containers[0])
})

test('a pod that is replaced goes only once the new one is known, and has time to be forgotten and to drain', async () => {
  const values = {
    devurls: { host: 'dev.example.com' },
    ingress: { host: 'cde.example.com', tls: { enabled: true, hostSecretName: 'x' } },
  }
  const deployments = (await objects(values)).filter(({ kind }) => kind === 'Deployment')
  assert.equal(deployments.length, 4)
  for (const { metadata, spec } of deployments) {
    assert.deepEqual(spec.strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 }, metadata.name)
    assert.ok(spec.minReadySeconds >= 5, metadata.name)
    const { terminationGracePeriodSeconds: grace = 30, containers } = spec.template.spec
    const drain = containers[0].env.find(({ name }: Rendered) => name === 'DRAIN_SECONDS')?.value ?? 15
    assert.ok(grace * 1000 > lameDuckMs + Number(drain) * 1000, metadata.name)
  }
})
