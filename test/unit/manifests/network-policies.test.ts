import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowed, allowedWithDevUrls, pods, ports } from '../../fixtures/port-table.ts'
import { devUrls, objects, ownIngress, type Rendered } from './rendered-chart.ts'

const matches = (labels: Record<string, string> | undefined, selector: Rendered): boolean =>
  labels !== undefined && Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value)

/** `other` is the ingress of the cluster. */
const labelsOf = (name: string) => (name === 'other' ? { app: 'other' } : pods[name])

/** Kubernetes API, networking/v1: a pod that some policy selects is reached only by what one of its rules names. */
function passes(policies: Rendered[], side: 'ingress' | 'egress', pod: string, peer: string, port: number): boolean {
  const type = side === 'ingress' ? 'Ingress' : 'Egress'
  const own = policies.filter((p) => p.spec.policyTypes.includes(type) && matches(pods[pod], p.spec.podSelector))
  if (own.length === 0) return true
  return own.some((policy) =>
    (policy.spec[side] ?? []).some((rule: Rendered) => {
      const peers = side === 'ingress' ? rule.from : rule.to
      const peerFits = peers.some((one: Rendered) =>
        one.ipBlock ? true : !one.namespaceSelector && matches(labelsOf(peer), one.podSelector),
      )
      const portFits =
        rule.ports === undefined ||
        rule.ports.some((one: Rendered) => [undefined, port].includes(one.port) && (one.protocol ?? 'TCP') === 'TCP')
      return peerFits && portFits
    }),
  )
}

/** What the policies of the chart allow, as the table has it. */
async function open(values: object): Promise<string[]> {
  const policies = (await objects({ ...values, networkPolicies: { workspaceEgress: [] } })).filter(
    (object) => object.kind === 'NetworkPolicy',
  )
  const guarded = Object.keys(pods).filter((name) => !['stranger', 'internet', 'kubernetes'].includes(name))
  const found: string[] = []
  for (const from of Object.keys(pods))
    for (const to of Object.keys(pods)) {
      if (from === to || (!guarded.includes(from) && !guarded.includes(to)) || from === 'kubernetes') continue
      const open = ports.filter(
        (port) =>
          port !== 53 &&
          passes(policies, 'egress', from, to, port) &&
          passes(policies, 'ingress', to, from, port) &&
          // addresses beyond the pods are reached at the API's ports by whoever may reach the API
          !(to !== 'kubernetes' && !guarded.includes(to) && [443, 6443].includes(port)),
      )
      if (open.length > 0) found.push(`${from} ${to}:${open.sort((a, b) => a - b).join(' ')}`)
    }
  return found.sort()
}

test('network policies allow exactly the port table', async () => {
  assert.deepEqual(await open({}), allowed.toSorted())
})

test('with dev URLs the envproxy reaches every port of workspaces, and nothing else changes', async () => {
  assert.deepEqual(await open(devUrls), allowedWithDevUrls.toSorted())
})

test('where egress is restricted, DNS is reached, save by the database, which dials nothing', async () => {
  const policies = (await objects({})).filter((object) => object.kind === 'NetworkPolicy')
  for (const name of ['ingress', 'manager', 'envproxy', 'dashboard', 'workspace'])
    assert.ok(passes(policies, 'egress', name, 'stranger', 53), name)
  assert.ok(!passes(policies, 'egress', 'postgres', 'stranger', 53))
})

test('with the own controller off, the given peers reach the services, and nobody else', async () => {
  const given = (await objects(ownIngress)).filter((object) => object.kind === 'NetworkPolicy')
  for (const [service, port] of [
    ['dashboard', 3000],
    ['manager', 8080],
    ['envproxy', 8080],
  ] as const) {
    assert.ok(!passes(given, 'ingress', service, 'stranger', port), service)
    assert.ok(passes(given, 'ingress', service, 'other', port), service)
  }
})
