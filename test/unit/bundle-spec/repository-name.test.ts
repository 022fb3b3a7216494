import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseReleaseName } from '../../../bundle-spec/src/release-name.ts'
import { isRepositoryPath } from '../../../bundle-spec/src/repository-name.ts'
import { checkRegistry } from '../../../bundle-spec/src/site.ts'
import { registryFault } from '../../../installer/src/answers/formats/registry.ts'
import { parseImageName } from '../../../installer/src/coverage/reference.ts'
import { readRoute } from '../../../installer/src/serve/route.ts'
import { parseReference } from '../../../installer/src/stores/registry/reference.ts'

const host = 'registry.example:5000'
const valid = [
  's',
  's/t',
  'a/b/c/d',
  '0',
  'a.b',
  'a_b',
  'a__b',
  'a-b',
  'a--b',
  'a---b/c',
  'cde/a-1.b__2',
  'a'.repeat(255),
]
const invalid = [
  '',
  '/',
  'a/',
  '/a',
  'a//b',
  '-',
  '.',
  '..',
  'a/..',
  '-a',
  'a-',
  'a..b',
  'a___b',
  'a._b',
  'A',
  'ä',
  'a b',
]
const throws = (work: () => unknown) => {
  try {
    work()
    return false
  } catch {
    return true
  }
}

test('what a repository may be called is the same wherever a name is read', () => {
  for (const name of valid) {
    assert.ok(isRepositoryPath(name), name)
    assert.deepEqual(parseReference(`${host}/${name}:1`), { host, path: name, tag: '1' })
    assert.equal(parseImageName(`${host}/${name}:1`)?.repository, `${host}/${name}`)
    assert.deepEqual(readRoute(`/v2/${name}/manifests/1`), { kind: 'manifest', repository: name, reference: '1' })
    if (name.length > 200) continue
    assert.equal(parseReleaseName(`${host}/${name}:1`).repository, `${host}/${name}`)
    assert.equal(checkRegistry(`${host}/${name}`), `${host}/${name}`)
    assert.equal(registryFault(`${host}/${name}`), undefined)
  }
  for (const name of invalid) {
    assert.ok(!isRepositoryPath(name), name)
    assert.ok(
      throws(() => parseReference(`${host}/${name}:1`)),
      name,
    )
    assert.equal(parseImageName(`${host}/${name}:1`), undefined, name)
    assert.ok(
      throws(() => readRoute(`/v2/${name}/manifests/1`)),
      name,
    )
    assert.ok(
      throws(() => parseReleaseName(`${host}/${name}:1`)),
      name,
    )
    assert.ok(
      throws(() => checkRegistry(`${host}/${name}`)),
      name,
    )
  }
  assert.ok(!isRepositoryPath('a'.repeat(256)))
})

test('a first part without dot and port is a path at docker.io, so it is no address of a registry', () => {
  assert.deepEqual(parseReference('h/s:1'), { host: 'docker.io', path: 'h/s', tag: '1' })
  assert.equal(parseImageName('h/s:1')?.repository, 'docker.io/h/s')
  for (const registry of ['h', 'h/s']) {
    assert.throws(() => checkRegistry(registry), { code: 'USAGE_REGISTRY', why: /docker\.io/ })
    assert.notEqual(registryFault(registry), undefined)
  }
  for (const registry of ['h:1', 'h:1/s', 'h.x/s', 'localhost/s', '[::1]:5000/s'])
    assert.equal(checkRegistry(registry), registry)
})

test('names of Docker Hub come to the same, however they are written', () => {
  for (const name of ['a', 'docker.io/a', 'index.docker.io/a', 'library/a', 'docker.io/library/a'])
    assert.deepEqual(parseReference(name), { host: 'docker.io', path: 'library/a', tag: 'latest' }, name)
})
