import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageReferences } from '../../../../installer/src/coverage/image-references.ts'

const digest = `sha256:${'a'.repeat(64)}`
const names = (yaml: string, hosts: string[] = ['registry.example']) =>
  imageReferences(yaml, hosts).map((found) => found.reference)

const deployment = `---
# Source: cde/templates/manager.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cde-manager
spec:
  template:
    spec:
      initContainers:
        - name: wait
          image: registry.example/cde/wait:1
      containers:
        - name: manager
          image: "registry.example/cde/manager:1"
          env:
            - name: WORKSPACE_IMAGE
              value: registry.example/cde/workspace@${digest}
`

test('containers, init containers and environment values are found with object, path, template and line', () => {
  assert.deepEqual(imageReferences(deployment, ['registry.example']), [
    {
      reference: 'registry.example/cde/wait:1',
      from: 'Deployment/cde-manager initContainers[0] (templates/manager.yaml:10)',
    },
    {
      reference: 'registry.example/cde/manager:1',
      from: 'Deployment/cde-manager containers[0] (templates/manager.yaml:13)',
    },
    {
      reference: `registry.example/cde/workspace@${digest}`,
      from: 'Deployment/cde-manager containers[0].env[0].value (templates/manager.yaml:16)',
    },
  ])
})

test('lines count from the start of each document', () => {
  const second = imageReferences(`${deployment}${deployment}`, []).filter((found) => found.reference.endsWith('wait:1'))
  assert.deepEqual(new Set(second.map((found) => found.from)).size, 1)
})

test('a CronJob, a custom resource and an image volume are found at any depth', () => {
  const yaml = `
kind: CronJob
metadata: {name: nightly}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: a/b:1}], volumes: [{image: {reference: c/d:2}}]}}}}}
---
kind: Database
metadata: {name: main}
spec: {image: e/f:3, nested: [{deep: {image: g/h:4}}]}
`
  assert.deepEqual(names(yaml), ['a/b:1', 'c/d:2', 'e/f:3', 'g/h:4'])
})

test('an ephemeral container and a container merged in by an alias are found', () => {
  assert.deepEqual(
    names(
      'kind: Pod\nbase: &c {image: x/y:1}\nspec:\n  ephemeralContainers:\n    - <<: *c\n  containers: [{image: z/z:1}]',
    ),
    ['x/y:1', 'x/y:1', 'z/z:1'],
  )
})

test('references inside configuration files and arguments are found, web addresses and other hosts are not', () => {
  const yaml = `
kind: ConfigMap
metadata: {name: c}
data:
  config.toml: |
    image = "registry.example/a/b:1.2"
    args = "--image=registry.example/c/d, oci://registry.example/e/f:3"
    docs = "https://registry.example/cde/docs see myregistry.example/no/no:1 and sub.registry.example/no:1"
    pinned = 'elsewhere.example/g/h@${digest}'
`
  assert.deepEqual(names(yaml), [
    'registry.example/a/b:1.2',
    'registry.example/c/d',
    'registry.example/e/f:3',
    `elsewhere.example/g/h@${digest}`,
  ])
})

test('an image field that is empty is reported, not passed over', () => {
  assert.deepEqual(names('kind: Pod\nspec: {containers: [{name: x, image: }]}'), [''])
})

test('YAML that repeats itself by aliases is refused', () => {
  const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
  for (let i = 1; i < 9; i++)
    bomb.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(',')}]`,
    )
  assert.throws(() => imageReferences(bomb.join('\n')), { code: 'BUILD_RENDERED' })
})

test('YAML that refers to itself is refused', () => {
  assert.throws(() => imageReferences('a: &a\n  b: *a\n'), { code: 'BUILD_RENDERED' })
})

test('broken, deep, and endless YAML is refused with a code', () => {
  assert.throws(() => imageReferences('a: [1, 2'), { code: 'BUILD_RENDERED' })
  assert.throws(() => imageReferences(`a: ${'['.repeat(100_000)}`), { code: 'BUILD_RENDERED' })
  assert.throws(() => imageReferences(`a: ${'[1,'.repeat(300)}1${']'.repeat(300)}`), { code: 'BUILD_RENDERED' })
  assert.throws(() => imageReferences('---\na: 1\n'.repeat(5001)), { code: 'BUILD_RENDERED' })
  assert.throws(() => imageReferences(' '.repeat(16 * 1024 * 1024 + 1)), { code: 'BUILD_RENDERED' })
})

test('a megabyte without spaces is scanned in linear time', () => {
  const started = performance.now()
  imageReferences(`kind: ConfigMap\ndata:\n  x: "${'a/'.repeat(500_000)}"`, ['registry.example'])
  assert.ok(performance.now() - started < 3000)
})

test('a label that comes twice is visited twice', () => {
  const found = imageReferences('kind: Pod\nspec: {image: "a.example/b:1", image: "a.example/b:2"}\n')
  assert.deepEqual(
    found.map(({ reference }) => reference),
    ['a.example/b:1', 'a.example/b:2'],
  )
})
