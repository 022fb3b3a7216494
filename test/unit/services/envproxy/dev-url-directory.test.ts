import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDirectory, type DevUrl, managerDirectory } from '../../../../services/envproxy/dev-urls/directory.ts'
import { askManager } from '../../../../services/envproxy/manager-access.ts'

const one: DevUrl = { id: 'devurldev1', label: '8000-box-ann', workspace: 'abcde12345', port: 8000, open: false }

/** A clock that stands still; the function moves it on, in milliseconds. */
function clock(t: TestContext): (by: number) => void {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  return (by) => {
    now += by
  }
}

test('a page of many requests is one question, and a change is noticed', async (t) => {
  const pass = clock(t)
  let asked = 0
  let found: DevUrl | undefined = one
  const directory = createDirectory({
    async ask() {
      asked += 1
      return found
    },
    freshMs: 400,
  })
  assert.deepEqual(await Promise.all(Array.from({ length: 20 }, () => directory(one.label))), Array(20).fill(one))
  assert.equal(asked, 1)
  found = undefined
  assert.equal(await directory(one.label), one)
  pass(450)
  assert.equal(await directory(one.label), undefined)
  await directory(one.label)
  assert.equal(asked, 2, 'that there is none is kept too')
})

test('while the manager is away, what was known is good for a while; then nothing is', async (t) => {
  const pass = clock(t)
  let away = false
  const directory = createDirectory({
    async ask() {
      if (away) throw new Error('away')
      return one
    },
    freshMs: 10,
    staleMs: 120,
  })
  await directory(one.label)
  away = true
  pass(30)
  assert.equal(await directory(one.label), one)
  pass(150)
  await assert.rejects(directory(one.label), { code: 'MANAGER_UNREACHABLE' })
})

test('names that strangers make up neither flood the manager nor fill the memory', async () => {
  let underWay = 0
  let most = 0
  const directory = createDirectory({
    async ask() {
      underWay += 1
      most = Math.max(most, underWay)
      await sleep(10)
      underWay -= 1
      return undefined
    },
    mostAsking: 8,
  })
  const answers = await Promise.allSettled(Array.from({ length: 100 }, (_, at) => directory(`1-x-${at}`)))
  assert.equal(most, 8)
  assert.equal(answers.filter(({ status }) => status === 'rejected').length, 92)
})

test('what the manager says of a visitor counts for the very dev URL that was opened', async () => {
  let answer: { status: number; body: unknown } = { status: 200, body: {} }
  const paths: string[] = []
  const manager = {
    async call(_method: 'GET' | 'POST', path: string) {
      paths.push(path)
      return answer
    },
  }
  const holder = { user: 'useruseru1', credential: 's', workspace: one.workspace, port: one.port, devUrl: one }
  const ask = askManager(manager)
  const record = { id: one.id, workspace: one.workspace, port: 8000, access: 'private' }
  answer = { status: 200, body: record }
  assert.deepEqual(await ask(holder), { grant: undefined })
  answer = { status: 200, body: { ...record, grant: 'signed' } }
  assert.deepEqual(await ask(holder), { grant: 'signed' })
  assert.equal(await ask({ ...holder, user: '', credential: '' }), 'denied', 'it is public no more')
  answer = { status: 200, body: { ...record, access: 'public' } }
  assert.deepEqual(await ask({ ...holder, user: '', credential: '' }), { grant: undefined })
  answer = { status: 200, body: { ...record, id: 'another000' } }
  assert.equal(await ask(holder), 'denied')
  assert.equal(await ask({ ...holder, user: '', credential: '' }), 'denied')
  for (const [status, verdict] of [
    [403, 'denied'],
    [404, 'denied'],
    [500, 'unknown'],
    [401, 'unknown'],
  ] as const) {
    answer = { status, body: undefined }
    assert.equal(await ask(holder), verdict, String(status))
  }
  answer = { status: 200, body: { grant: 'signed' } }
  const { devUrl: _, ...editor } = holder
  assert.deepEqual(await ask(editor), { grant: 'signed' })
  assert.equal(paths.at(-1), `/internal/access?user=useruseru1&credential=s&workspace=${one.workspace}&port=8000`)
  assert.equal(paths[0], `/internal/dev-urls/${one.label}?user=useruseru1&credential=s`)
  answer = { status: 200, body: { id: 1 } }
  await assert.rejects(managerDirectory(manager)(one.label))
})
