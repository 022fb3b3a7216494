import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workspaceObjects } from '../../../../services/manager/workspaces/objects.ts'
import { readPlacement } from '../../../../services/manager/workspaces/placement.ts'

const spec = { id: 'abcdefghij', image: 'r/ws@sha256:0', cpuMilli: 1500, memoryGiB: 4, diskGiB: 20, on: true }
const site = { namespace: 'cde', image: spec.image, pullSecrets: [], storageClass: undefined, caConfigMap: undefined }
const podOf = (more: object, change: object = {}) =>
  workspaceObjects({ ...spec, ...change }, { ...site, ...more })[3].spec?.template.spec

test('node selector, tolerations and the name of GPUs are read from the environment', () => {
  assert.deepEqual(readPlacement({}), { nodeSelector: {}, tolerations: [], gpuResource: undefined })
  const nodeSelector = { 'example.com/pool': 'workspaces', disk: 'ssd', empty: '' }
  const tolerations = [
    { key: 'example.com/pool', operator: 'Equal', value: 'workspaces', effect: 'NoSchedule' },
    { key: 'nvidia.com/gpu', operator: 'Exists' },
    { operator: 'Exists' },
    { key: 'down', effect: 'NoExecute', tolerationSeconds: 60 },
  ]
  const read = readPlacement({
    WORKSPACE_NODE_SELECTOR: JSON.stringify(nodeSelector),
    WORKSPACE_TOLERATIONS: JSON.stringify(tolerations),
    WORKSPACE_GPU_RESOURCE: ' nvidia.com/gpu ',
  })
  assert.deepEqual(read, { nodeSelector, tolerations, gpuResource: 'nvidia.com/gpu' })
})

for (const [name, values] of [
  [
    'WORKSPACE_NODE_SELECTOR',
    [
      '{',
      '[]',
      '"x"',
      '{"a b":"c"}',
      '{"a":1}',
      '{"a":"-"}',
      '{"a":"b-"}',
      `{"a":"${'b'.repeat(64)}"}`,
      '{"A.B/c":"d"}',
    ],
  ],
  [
    'WORKSPACE_TOLERATIONS',
    [
      '{}',
      '[1]',
      '[{}]',
      '[{"key":"a","operator":"In"}]',
      '[{"operator":"Equal","value":"b"}]',
      '[{"key":"a","operator":"Exists","value":"b"}]',
      '[{"key":"a","value":"b c"}]',
      '[{"key":"a","effect":"Never"}]',
      '[{"key":"a","effect":"NoSchedule","tolerationSeconds":1}]',
      '[{"key":"a","effects":"NoSchedule"}]',
    ],
  ],
  ['WORKSPACE_GPU_RESOURCE', ['gpu', 'nvidia.com/', '/gpu', 'NVIDIA.com/gpu', 'kubernetes.io/gpu', 'a/b/c']],
] as const)
  test(`a mistake in ${name} stops the manager when it starts`, () => {
    for (const value of values) assert.throws(() => readPlacement({ [name]: value }), new RegExp(name), value)
  })

test('the pod goes where the site wants it, and asks for whole GPUs', () => {
  const bare = podOf({})
  assert.ok(!('nodeSelector' in (bare ?? {})) && !('tolerations' in (bare ?? {})))
  assert.deepEqual(Object.keys(bare?.containers[0]?.resources?.limits ?? {}), ['cpu', 'memory'])
  const nodeSelector = { pool: 'workspaces' }
  const tolerations = [{ key: 'pool', operator: 'Exists' as const }]
  const pod = podOf({ nodeSelector, tolerations, gpuResource: 'nvidia.com/gpu' }, { gpus: 2 })
  const own = { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }
  assert.deepEqual([pod?.nodeSelector, pod?.tolerations], [nodeSelector, [...tolerations, own]])
  assert.deepEqual(podOf({ tolerations, gpuResource: 'nvidia.com/gpu' })?.tolerations, tolerations)
  // extended resources are not overcommitted: request and limit are one (Kubernetes, device plugins)
  const { requests, limits } = pod?.containers[0]?.resources ?? {}
  assert.deepEqual([requests?.['nvidia.com/gpu'], limits?.['nvidia.com/gpu']], ['2', '2'])
  assert.throws(() => podOf({}, { gpus: 1 }), /no GPUs any more/)
})

test("the site's forward proxy reaches workspaces in both spellings", () => {
  const env = podOf({ proxy: { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.svc' } })?.containers[0]?.env
  const found = env?.filter(({ name }) => /proxy/i.test(name)).map(({ name, value }) => [name, value])
  assert.deepEqual(found, [
    ['HTTPS_PROXY', 'http://proxy:3128'],
    ['https_proxy', 'http://proxy:3128'],
    ['NO_PROXY', '.svc'],
    ['no_proxy', '.svc'],
  ])
  assert.ok(!podOf({})?.containers[0]?.env?.some(({ name }) => /proxy/i.test(name)))
})
