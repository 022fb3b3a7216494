import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anewWay, immutableFields } from '../../../../../installer/src/upgrade/plan/objects/make-anew-way.ts'
import { describeRefusal, refusalIn } from '../../../../../installer/src/upgrade/plan/objects/status.ts'
import { refusals } from './recorded.ts'

const refused = (name: string) => {
  const status = refusals[name] as { code: number }
  return refusalIn(status.code, JSON.stringify(status))
}

test('what cannot be changed is told by field, as API servers say it of every kind', () => {
  const changes = ['spec.serviceName', 'spec.template.spec.x', 'spec.volumeClaimTemplates[data].spec.x'].map(
    (path) => ({ path }),
  )
  const fields = (name: string) => immutableFields(refused(name), changes)
  assert.deepEqual(fields('sts claims by force'), ['spec.serviceName', 'spec.volumeClaimTemplates'])
  assert.deepEqual(immutableFields(refused('sts claims by force'), []), ['spec'])
  assert.deepEqual(fields('deploy selector by force'), ['spec.selector'])
  assert.deepEqual(fields('svc clusterIP by force'), ['spec.clusterIPs[0]'])
  assert.deepEqual(fields('frozen cm by force'), ['data'])
  assert.deepEqual(fields('secret type by force'), ['type'])
  assert.deepEqual(fields('job by force'), ['spec.template'])
  assert.deepEqual(fields('pvc modes by force'), ['spec'])
  assert.deepEqual(fields('rb by force'), ['roleRef'])
  assert.deepEqual(fields('storageclass by force'), ['parameters'])
  assert.deepEqual(fields('ingressclass by force'), ['spec.controller'])
  for (const other of ['invalid by force', 'invalid2 by force', 'dup env by force', 'pvc shrink by force'])
    assert.equal(fields(other), undefined, other)
})

test('a refusal is one line of bounded length, without the values that the API server quotes', () => {
  for (const name of Object.keys(refusals)) {
    const line = describeRefusal(refused(name))
    assert.ok(line.length < 540 && !line.includes('\n'), line)
  }
  assert.equal(describeRefusal(refused('job by force')), 'spec.template: field is immutable')
  assert.equal(describeRefusal(refused('invalid2 by force')), 'spec.replicas: must be greater than or equal to 0')
  assert.equal(describeRefusal(refused('svc clusterIP by force')), 'spec.clusterIPs[0]: may not change once set')
  assert.match(describeRefusal(refused('dup env by force')), /duplicate entries for key \[name="V"\]$/)
  assert.equal(describeRefusal(refusalIn(502, '')), 'status 502')
})

test('claims, volumes and definitions are never made anew; workloads around their pods, where their selector still finds them', () => {
  const object = (apiVersion: string, kind: string, spec?: object) => ({ apiVersion, kind, spec })
  for (const kind of ['PersistentVolumeClaim', 'PersistentVolume', 'Namespace'])
    assert.equal(anewWay(object('v1', kind), {}), undefined)
  assert.equal(anewWay(object('apiextensions.k8s.io/v1', 'CustomResourceDefinition'), {}), undefined)
  assert.equal(anewWay(object('example.com/v1', 'Deployment'), {}), undefined)
  const live = { spec: { template: { metadata: { labels: { a: '1', b: '2' } } } } }
  const selecting = (matchLabels: object, more = {}) =>
    object('apps/v1', 'StatefulSet', { selector: { matchLabels, ...more } })
  assert.equal(anewWay(selecting({ a: '1' }), live), 'around-pods')
  assert.equal(anewWay(selecting({ a: '2' }), live), 'with-pods')
  assert.equal(anewWay(selecting({ a: '1' }, { matchExpressions: [{}] }), live), 'with-pods')
  assert.equal(anewWay(object('batch/v1', 'Job'), live), 'with-pods')
  assert.equal(anewWay(object('v1', 'Service'), live), 'replace')
})
