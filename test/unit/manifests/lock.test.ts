import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { tryLock, withLock } from '../../../manifests/images/lock.ts'

test('two holders of one lock follow each other', async () => {
  const name = randomUUID()
  const events: string[] = []
  const work = (id: string) => async () => {
    events.push(`${id} in`)
    await sleep(50)
    events.push(`${id} out`)
  }
  await Promise.all([withLock(name, work('a')), withLock(name, work('b'))])
  assert.deepEqual(
    events.map((event) => event.slice(2)),
    ['in', 'out', 'in', 'out'],
  )
})

test('a lock that does not come free in time is an error with a code', async () => {
  const name = randomUUID()
  const second = () => withLock(name, async () => {}, { patience: 100 })
  await withLock(name, () => assert.rejects(second(), { code: 'BUILD_LOCKED' }))
})

test('the lock of a killed process is free', async () => {
  const name = randomUUID()
  const source = `import { withLock } from ${JSON.stringify(new URL('../../../manifests/images/lock.ts', import.meta.url).href)}
    await withLock(${JSON.stringify(name)}, () => { console.log('held'); return new Promise((r) => setTimeout(r, 60000)) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  await assert.rejects(
    withLock(name, async () => {}, { patience: 0 }),
    { code: 'BUILD_LOCKED' },
  )
  child.kill('SIGKILL')
  assert.equal(await withLock(name, async () => 'mine'), 'mine')
})

test('a lock is tried without waiting, is given back once, and holds no process up that forgets to', async () => {
  const name = randomUUID()
  const release = await tryLock(name)
  assert.equal(await tryLock(name), undefined)
  await release?.()
  const again = await tryLock(name)
  assert.ok(again)
  await again()
  const source = `import { tryLock } from ${JSON.stringify(new URL('../../../manifests/images/lock.ts', import.meta.url).href)}
    await tryLock(${JSON.stringify(name)})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'inherit', timeout: 30_000 })
  assert.equal(await new Promise((resolve) => child.once('exit', resolve)), 0)
})
