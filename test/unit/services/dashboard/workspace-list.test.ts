import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Workspace } from '../../../../services/dashboard/web/api.ts'
import { applied, type Message } from '../../../../services/dashboard/web/watch.ts'

const workspace = (id: string, day: number, change: Partial<Workspace> = {}): Workspace => ({
  id,
  name: id,
  owner: { id: 'u', username: 'ada' },
  image: '',
  cpu: 1,
  memoryGiB: 1,
  diskGiB: 1,
  gpus: 0,
  status: 'ON',
  imageId: null,
  tag: null,
  autoOffMinutes: null,
  createdAt: `2026-01-0${day}T00:00:00.000Z`,
  editorUrl: null,
  ...change,
})
const shown = { items: [workspace('c', 5), workspace('b', 3)], next: '/more' }
const ids = (list: ReturnType<typeof applied>) => list?.items.map(({ id }) => id).join('')
const update = (one: Workspace): Message => ({ type: 'update', workspace: one })

test('news of a workspace go where the list has it; what is older than all that is shown waits for its page', () => {
  assert.equal(ids(applied(shown, update(workspace('d', 6)), '')), 'dcb')
  assert.equal(ids(applied(shown, update(workspace('x', 4)), '')), 'cxb')
  assert.equal(ids(applied(shown, update(workspace('a', 1)), '')), 'cb')
  assert.equal(ids(applied({ ...shown, next: undefined }, update(workspace('a', 1)), '')), 'cba')
  const same = applied(shown, update(workspace('bb', 3)), '')
  assert.equal(ids(same), 'cbbb', 'of two of the same moment the later id is first, as the API has it')
  const changed = applied(shown, update(workspace('b', 3, { status: 'OFF' })), 'nothing like it')
  assert.equal(changed?.items[1]?.status, 'OFF', 'what is shown is kept up to date')
  assert.equal(ids(applied(shown, { type: 'remove', id: 'c' }, '')), 'b')
})

test('while something is looked for, only what is called so comes in', () => {
  assert.equal(ids(applied(shown, update(workspace('d', 6)), 'e')), 'cb')
  assert.equal(ids(applied(shown, update(workspace('d', 6)), 'D')), 'dcb')
  assert.equal(ids(applied(shown, update(workspace('d', 6)), 'ad')), 'dcb', 'by its owner too')
})

test('a snapshot takes the place of what is shown, unless more is shown than it has', () => {
  const one = { type: 'snapshot', workspaces: [workspace('z', 9)] } as const
  const first: Message = { ...one, workspaces: [...one.workspaces], next: '1-z' }
  assert.equal(ids(applied(shown, { ...first, next: null }, '')), 'z')
  assert.equal(applied(shown, first, ''), undefined, 'two pages are shown, and it is one')
  const fits = applied({ items: [workspace('c', 5)], next: undefined }, first, '')
  assert.deepEqual([ids(fits), fits?.next], ['z', '/api/v0/workspaces?after=1-z'])
  assert.equal(applied(shown, { ...first, next: null }, 'z'), undefined, 'it knows nothing of what is looked for')
})
