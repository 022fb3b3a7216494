import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { allowed, allowedWithDevUrls, pods, ports } from '../fixtures/port-table.ts'
import { type BorrowedLab, borrowLab } from '../lab/borrow.ts'
import { type Lab, probeImage } from '../lab/lab.ts'
import { devUrls, objects } from '../unit/manifests/rendered-chart.ts'

const namespace = 'ports'
const inside = Object.keys(pods).filter((pod) => pods[pod] !== undefined || pod === 'stranger')
const apiService = '10.96.0.1:443'

let borrowed: BorrowedLab | undefined
let lab: Lab
const directory = await mkdtemp(join(tmpdir(), 'ports-'))

before(async () => {
  borrowed = await borrowLab()
  lab = borrowed.lab
  await lab.kubectl(['create', 'namespace', namespace])
})

after(async () => {
  await borrowed?.giveBack()
  await rm(directory, { recursive: true, force: true })
})

const kubectl = (...args: string[]) => lab.kubectl([`--namespace=${namespace}`, ...args], { timeout: 120_000 })
const apply = (items: object[]) =>
  lab.kubectl([`--namespace=${namespace}`, 'apply', '--filename=-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  })

test('between all components, every port is open that the table names, and no other, also with dev URLs', async (t) => {
  await apply(inside.map(listener))
  await kubectl('wait', 'pod', '--all', '--for=condition=Ready', '--timeout=90s')
  const listed = await kubectl('get', 'pods', '-o=jsonpath={range .items[*]}{.metadata.name}={.status.podIP} {end}')
  const address = Object.fromEntries(
    listed
      .trim()
      .split(' ')
      .map((pair) => pair.split('=')),
  ) as Record<string, string>

  // first without policies: what is closed later is closed by them
  const before = await scanAll(address)
  for (const from of inside)
    for (const to of inside)
      if (from !== to) assert.equal(before.get(`${from} ${to}`)?.length, ports.length, `${from} ${to}`)

  for (const [values, table] of [
    [{}, allowed],
    [devUrls, allowedWithDevUrls],
  ] as const) {
    const policies = await objects({ ...values, networkPolicies: { workspaceEgress: [] } })
    await apply(policies.filter(({ kind }) => kind === 'NetworkPolicy'))
    const expected = table.filter((line) => !line.startsWith('internet ')).toSorted()
    const begun = performance.now()
    let found: string[] = []
    // the firewall hears of policies a moment later
    for (let i = 0; i < 20; i += 1) {
      found = lines(await scanAll(address))
      if (found.join() === expected.join()) break
      await sleep(1_000)
    }
    t.diagnostic(
      `${inside.length * (inside.length - 1) * ports.length} connections as in the table after ${Math.round(performance.now() - begun)} ms`,
    )
    assert.deepEqual(found, expected)
  }
})

/** A pod with a component's labels that listens on every port. */
function listener(pod: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod, labels: pods[pod] },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] },
      containers: [{ name: 'main', image: probeImage, args: ['serve', ports.join(',')] }],
    },
  }
}

/** Open ports by `from to`. */
async function scanAll(address: Record<string, string>): Promise<Map<string, number[]>> {
  const open = new Map<string, number[]>()
  const nameOf = new Map(Object.entries(address).map(([pod, ip]) => [ip, pod]))
  await Promise.all(
    inside.map(async (from) => {
      const peers = inside.filter((to) => to !== from)
      const targets = peers.flatMap((to) => ports.map((port) => `${address[to]}:${port}`))
      const answered = await kubectl('exec', from, '--', '/probe', 'scan', [...targets, apiService].join(','))
      for (const target of answered.trim().split('\n').filter(Boolean)) {
        const [ip = '', port] = target.split(':')
        // the API's port is another behind its Service
        const [to, seen] = target === apiService ? ['kubernetes', 443] : [nameOf.get(ip), Number(port)]
        const key = `${from} ${to}`
        open.set(key, [...(open.get(key) ?? []), seen as number])
      }
    }),
  )
  return open
}

/**
 * As the table has it. Whoever may reach the Kubernetes API may reach its ports anywhere, since its address is the site's
 * business, and DNS is asked of anyone: neither counts where no policy guards the other side.
 */
function lines(open: Map<string, number[]>): string[] {
  return [...open]
    .filter(([pair]) => pair !== 'stranger kubernetes')
    .map(([pair, found]) => {
      const anywhere = pair.endsWith(' stranger') ? [53, 443, 6443] : [53]
      return [pair, found.filter((port) => !anywhere.includes(port)).sort((a, b) => a - b)] as const
    })
    .filter(([, found]) => found.length > 0)
    .map(([pair, found]) => `${pair}:${pair.endsWith(' kubernetes') ? '443 6443' : found.join(' ')}`)
    .sort()
}
