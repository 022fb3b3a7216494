import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { V1Service } from '@kubernetes/client-node'
import { assignAddresses } from '../../lab/load-balancer.ts'

function service(name: string, port: number, extra: Partial<V1Service['spec']> = {}, created = '2026-01-01T00:00:00Z') {
  const metadata = { name, namespace: 'cde', creationTimestamp: new Date(created) }
  return { metadata, spec: { type: 'LoadBalancer', ports: [{ port }], ...extra } } as V1Service
}
const addressOf = (name: string, services: V1Service[]) =>
  assignAddresses(services, '10.99.0.2').find((each) => each.service.metadata?.name === name)

test('a LoadBalancer Service gets the address of the node', () => {
  assert.equal(addressOf('a', [service('a', 443)])?.address, '10.99.0.2')
})

test('a Service of another type gets none', () => {
  assert.equal(addressOf('a', [service('a', 443, { type: 'ClusterIP' })])?.address, undefined)
})

test('a port belongs to the oldest Service that asks for it', () => {
  const services = [service('young', 443, {}, '2026-01-02T00:00:00Z'), service('old', 443), service('other', 80)]
  assert.equal(addressOf('old', services)?.address, '10.99.0.2')
  assert.equal(addressOf('other', services)?.address, '10.99.0.2')
  assert.equal(addressOf('young', services)?.address, undefined)
  assert.equal(addressOf('young', services)?.conflict, 'cde/young: 443/TCP belongs to cde/old')
})

test('the port of the Kubernetes API is never given away', () => {
  assert.match(addressOf('a', [service('a', 6443)])?.conflict ?? '', /belongs to the node/)
})

test('age is read from the text that a watch delivers as from the date that a list does', () => {
  const watched = service('young', 443)
  Object.assign(watched.metadata ?? {}, { creationTimestamp: '2026-01-02T00:00:00Z' })
  assert.equal(addressOf('young', [watched, service('old', 443)])?.address, undefined)
})
