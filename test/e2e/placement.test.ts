import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import { down, type Lab, up } from '../lab/lab.ts'
import { serveMetrics } from '../lab/metrics-api.ts'
import { nodeName } from '../lab/node.ts'
import { kubectlBinary } from '../lab/tools.ts'
import { importHealthyWorkspace } from './healthy-workspace.ts'
import { type ManagerProcess, type ManagerSite, managerSite } from './manager-process.ts'

/** A lab that no other test uses: this one taints its node. */
const name = 'placement'
const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
const pool = 'example.com/pool'
const gpu = 'nvidia.com/gpu'

let lab: Lab
let site: ManagerSite

before(
  async () => {
    lab = await up({ name, fresh: true })
    site = await managerSite(lab, await importHealthyWorkspace(lab))
  },
  { timeout: 30 * 60_000 },
)
after(async () => {
  await site?.close()
  await down({ name })
})

type Shown = { id: string; status: string; statusMessage?: string }

/** A manager with settings of its own; the workspaces that a test made go with it. */
async function manager(t: TestContext, environment: Record<string, string> = {}) {
  const one = await site.start(environment)
  const made: string[] = []
  const show = async (id: string): Promise<Shown> => (await one.call('GET', `/api/v0/workspaces/${id}`)).body
  const objectsOf = async () => {
    const where = { namespace: site.namespace, labelSelector: 'sealift.dev/workspace' }
    return (await site.core.listNamespacedPod(where)).items
  }
  t.after(async () => {
    for (const id of made) await one.call('DELETE', `/api/v0/workspaces/${id}`)
    await until('no pod', 60_000, async () => (await objectsOf()).length === 0)
    await one.kill()
  })
  return {
    ...one,
    async create(change: object = {}): Promise<string> {
      const { status, body } = await one.call('POST', '/api/v0/workspaces', {
        name: `w${made.length}`,
        ...size,
        ...change,
      })
      assert.equal(status, 201, JSON.stringify(body))
      made.push(body.id)
      return body.id
    },
    becomes: (id: string, holds: (shown: Shown) => boolean, limit = 60_000) =>
      until(id, limit, async () => {
        const shown = await show(id)
        return holds(shown) ? shown : JSON.stringify(shown)
      }),
    podSpec: async (id: string) =>
      (await objectsOf()).find((pod) => pod.metadata?.labels?.['sealift.dev/workspace'] === id)?.spec,
  }
}

/** Looks until it sees something other than false and text; text says what it saw instead. */
async function until<T>(what: string, limit: number, look: () => Promise<T | string | false>): Promise<T> {
  for (const end = Date.now() + limit; ; ) {
    const seen = await look()
    if (seen !== false && typeof seen !== 'string') return seen
    assert.ok(Date.now() < end, `in vain: ${what}: ${seen}`)
    await sleep(250)
  }
}
const isOn = ({ status }: Shown) => status === 'ON'
const waits = (words: RegExp) => (shown: Shown) =>
  shown.status === 'CREATING' &&
  words.test(shown.statusMessage ?? '') &&
  /waiting for a node/.test(shown.statusMessage ?? '')

test('a workspace that only other nodes may run says that it waits for a node, and runs once there is one', async (t) => {
  const one = await manager(t, { WORKSPACE_NODE_SELECTOR: JSON.stringify({ [pool]: 'workspaces' }) })
  const id = await one.create()
  const { statusMessage } = await one.becomes(id, waits(/selector|affinity/))
  t.diagnostic(`${statusMessage}`)
  await lab.kubectl(['label', 'node', nodeName, `${pool}=workspaces`])
  t.after(() => lab.kubectl(['label', 'node', nodeName, `${pool}-`]))
  await one.becomes(id, isOn)
})

test('on a tainted node a workspace runs with a toleration, and waits without; a proxy does not come between', async (t) => {
  await lab.kubectl(['taint', 'node', nodeName, `${pool}=workspaces:NoSchedule`])
  t.after(() => lab.kubectl(['taint', 'node', nodeName, `${pool}-`]))
  await t.test('without', async (t) => {
    const plain = await manager(t)
    await plain.becomes(await plain.create(), waits(/taint/))
  })
  await t.test('with', async (t) => {
    // what the chart sets; nothing listens there
    const proxy = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: `${lab.nodeAddress},.svc` }
    const one = await manager(t, {
      WORKSPACE_TOLERATIONS: JSON.stringify([{ key: pool, operator: 'Exists', effect: 'NoSchedule' }]),
      NODE_USE_ENV_PROXY: '1',
      ...proxy,
      ...Object.fromEntries(Object.entries(proxy).map(([key, value]) => [`WORKSPACE_${key}`, value])),
    })
    const id = await one.create()
    await one.becomes(id, isOn)
    const env = (await one.podSpec(id))?.containers[0]?.env ?? []
    const found = Object.fromEntries(env.map(({ name, value }) => [name, value]))
    assert.deepEqual([found.https_proxy, found.NO_PROXY], [proxy.HTTPS_PROXY, proxy.NO_PROXY])
  })
})

test('a workspace gets a GPU of its own; the next one waits until it is free', async (t) => {
  const patch = (operations: object[]) =>
    lab.kubectl([
      'patch',
      'node',
      nodeName,
      '--subresource=status',
      '--type=json',
      `--patch=${JSON.stringify(operations)}`,
    ])
  const paths = ['capacity', 'allocatable'].map((field) => `/status/${field}/${gpu.replace('/', '~1')}`)
  await patch(paths.map((path) => ({ op: 'add', path, value: '1' })))
  t.after(() => patch(paths.map((path) => ({ op: 'remove', path }))))
  await lab.kubectl(['taint', 'node', nodeName, `${gpu}=present:NoSchedule`])
  t.after(() => lab.kubectl(['taint', 'node', nodeName, `${gpu}-`]))
  const one = await manager(t, { WORKSPACE_GPU_RESOURCE: gpu })
  const first = await one.create({ gpus: 1 })
  await one.becomes(first, isOn)
  assert.equal((await one.podSpec(first))?.containers[0]?.resources?.limits?.[gpu], '1')
  const second = await one.create({ gpus: 1 })
  const { statusMessage } = await one.becomes(second, waits(/Insufficient nvidia.com\/gpu/))
  t.diagnostic(`${statusMessage}`)
  await one.call('POST', `/api/v0/workspaces/${first}/stop`)
  await one.becomes(second, isOn)
})

test('a browser that watches sees what a workspace uses, and more of it when the workspace is busy', async (t) => {
  const metrics = await serveMetrics(lab)
  t.after(() => metrics.close())
  const one = await manager(t)
  const id = await one.create()
  await one.becomes(id, isOn)
  const from = Date.now()
  const heard = watchStats(t, one)
  const last = () => heard.filter((stats) => stats.id === id).at(-1)
  const idle = await until('an idle workspace', 90_000, async () => last() ?? false)
  t.diagnostic(`idle after ${Date.now() - from} ms: ${JSON.stringify(idle)}`)
  assert.ok(idle.cpu < 0.1, `cores of an idle one: ${idle.cpu}`)
  assert.ok(idle.memoryBytes > 10_000 && idle.memoryBytes < 2 ** 30, `bytes of memory: ${idle.memoryBytes}`)
  const where = [`--kubeconfig=${lab.kubeconfig}`, `--namespace=${site.namespace}`]
  const busy = execFile(await kubectlBinary(), [...where, 'exec', `deployment/ws-${id}`, '--', '/workspace', 'busy'])
  t.after(() => busy.kill())
  const now = await until('a busy workspace', 90_000, async () => {
    const seen = last()
    // a whole core, or what a loaded machine leaves of it
    return seen !== undefined && seen.cpu > 0.2 ? seen : JSON.stringify(seen)
  })
  t.diagnostic(`busy after ${Date.now() - from} ms: ${JSON.stringify(now)}`)
})

type Stats = { id: string; cpu: number; memoryBytes: number }

/** What a page of the dashboard hears: it comes with the cookie, from the site's own origin. */
function watchStats(t: TestContext, { url }: ManagerProcess): Stats[] {
  const heard: Stats[] = []
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v0/workspaces/watch-stats`, {
    headers: { cookie: site.cookie, origin: 'https://cde.example' },
  })
  t.after(() => socket.terminate())
  socket.on('message', (data) => heard.push(...(JSON.parse(data.toString()).workspaces ?? [])))
  return heard
}
