import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLoginName } from '../../../../services/envproxy/ssh/login-name.ts'

const read = (name: string) => readLoginName(name).map(({ user, workspace }) => `${user}/${workspace}`)

test('a login name is read at each of its hyphens', () => {
  assert.deepEqual(read('ann-box'), ['ann/box'])
  assert.deepEqual(read('ann-lee-my-box'), ['ann/lee-my-box', 'ann-lee/my-box', 'ann-lee-my/box'])
  assert.deepEqual(read('ann@example.com-box'), ['ann@example.com/box'])
})

test('a plus between user and workspace leaves one reading', () => {
  assert.deepEqual(read('ann-lee+my-box'), ['ann-lee/my-box'])
  for (const name of ['+box', 'ann+', 'ann+Box', 'ann+9box']) assert.deepEqual(read(name), [], name)
})

test('what can not be a user and a workspace is not asked for', () => {
  for (const name of [
    '',
    'ann',
    '-box',
    'ann-',
    'ann-Box',
    'ann-9box',
    'ann/../-box',
    'ann-box\n',
    `a-${'b'.repeat(40)}`,
    'x'.repeat(129),
  ])
    assert.deepEqual(read(name), [], name)
  assert.equal(readLoginName('a-b-c-d-e-f-g-h-i-j-k-l').length, 8)
})
