import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createAccess, type Verdict } from '../../../../services/envproxy/access.ts'

const holder = { user: 'user1', workspace: 'abcde12345', port: 26337, credential: 'session:1' }

/** A manager whose answer the test decides, and a clock that the test moves; half a minute and a minute are as they are. */
function manager(t: TestContext) {
  let time = 0
  t.mock.method(performance, 'now', () => time)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const site = { verdict: { grant: 'one' } as Verdict | 'hangs', asked: 0 }
  const access = createAccess({
    async ask() {
      site.asked += 1
      if (site.verdict === 'hangs') throw new Error('timeout')
      return site.verdict
    },
  })
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i += 1) {
      time += 1000
      t.mock.timers.tick(1000)
      await setImmediate()
    }
  }
  return Object.assign(site, { access, pass })
}

test('an answer is good for half a minute, and not once longer', async (t) => {
  const site = manager(t)
  assert.equal(await site.access.assert(holder), 'one')
  site.verdict = 'denied'
  await site.pass(29)
  assert.equal(await site.access.assert(holder), 'one')
  assert.equal(site.asked, 1)
  await site.pass(1)
  await assert.rejects(site.access.assert(holder), { code: 'ACCESS_DENIED' })
  await assert.rejects(site.access.assert({ ...holder, credential: 'api-key:1' }), { code: 'ACCESS_DENIED' })
})

test('a manager that does not answer costs what begins after a minute, and the grant is as old as that at most', async (t) => {
  const site = manager(t)
  await site.access.assert(holder)
  site.verdict = 'hangs'
  await site.pass(59)
  assert.equal(await site.access.assert(holder), 'one')
  await site.pass(1)
  await assert.rejects(site.access.assert(holder), { code: 'MANAGER_UNREACHABLE' })
  site.verdict = { grant: 'two' }
  assert.equal(await site.access.assert(holder), 'two')
})

test('what is open ends half a minute after the last yes, however late it was opened', async (t) => {
  const site = manager(t)
  await site.access.assert(holder)
  await site.pass(25)
  let ended = 0
  for (let i = 0; i < 10; i += 1)
    site.access.watch(holder, () => {
      ended += 1
    })
  await site.pass(10)
  assert.deepEqual([site.asked, ended], [2, 0], 'one question for all ten')
  site.verdict = 'denied'
  await site.pass(20)
  assert.equal(ended, 0)
  await site.pass(5)
  assert.equal(ended, 10)
})

test('what is open stays while the manager is away, and is asked about soon after', async (t) => {
  const site = manager(t)
  await site.access.assert(holder)
  let ended = 0
  const end = site.access.watch(holder, () => {
    ended += 1
  })
  site.verdict = 'hangs'
  await site.pass(300)
  assert.equal(ended, 0)
  site.verdict = 'denied'
  await site.pass(6)
  assert.equal(ended, 1)
  end()
  const over = site.access.watch(holder, () => {
    ended += 1
  })
  over()
  await site.pass(300)
  assert.equal(ended, 1)
})
