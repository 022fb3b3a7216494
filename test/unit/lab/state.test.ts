import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labState } from '../../lab/state.ts'

test('labs of different names share no name on the machine', () => {
  const [a, b] = [labState('a'), labState('b')]
  for (const key of ['directory', 'namespace', 'cgroup', 'kubeconfig'] as const) assert.notEqual(a[key], b[key])
})

test('a name that could leave the state directory or a command is refused', () => {
  for (const name of ['', '..', 'a/b', 'A', '-a', 'a b', 'a'.repeat(21)])
    assert.throws(() => labState(name), { code: 'USAGE_LAB_NAME' })
})
