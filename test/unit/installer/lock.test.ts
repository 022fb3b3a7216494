import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdir, readdir, symlink, unlink, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { takeLock } from '../../../installer/src/stores/lock.ts'
import { lockState } from '../../../installer/src/stores/state-lock.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

const busy = () => new SealiftError('USAGE_LOCKED', 'busy')
const take = (directory: string) => takeLock(directory, 'lock', { busy })

/** A process that holds the lock of a directory, started by `command`. */
async function holder(t: TestContext, directory: string, command: readonly string[] = []): Promise<ChildProcess> {
  const [program = '', ...args] = [...command, process.execPath, join(import.meta.dirname, 'lock-holder.ts'), directory]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const first = await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), once(child, 'exit')])
  assert.equal(String(first[0]), 'held\n')
  return child
}

test('the lock of another process is refused with its id, and free as soon as that one is killed', async (t) => {
  const directory = await temporaryDirectory(t)
  const child = await holder(t, directory)
  const fix = `wait for it, or end it: kill ${child.pid}`
  await assert.rejects(lockState(directory, 'another run', 0), { code: 'USAGE_LOCKED', fix })
  child.kill('SIGKILL')
  const release = await lockState(directory)
  await assert.rejects(take(directory), code('USAGE_LOCKED'))
  release()
  ;(await take(directory))()
  assert.deepEqual(await readdir(directory), [], 'nothing is left over')
})

test('the lock holds for a process in another network namespace, as containers have', async (t) => {
  const directory = await temporaryDirectory(t)
  const child = await holder(t, directory, ['unshare', '--map-root-user', '--net'])
  await assert.rejects(take(directory), code('USAGE_LOCKED'))
  child.kill('SIGKILL')
  await once(child, 'exit')
  ;(await lockState(directory))()
})

test('a lock is of the directory itself, whatever names lead to it and however long they are', async (t) => {
  const directory = await temporaryDirectory(t)
  const long = join(directory, 'x'.repeat(100), 'y'.repeat(100))
  await mkdir(long, { recursive: true })
  await symlink(long, join(directory, 'short'))
  const release = await take(long)
  assert.deepEqual(await readdir(long), ['lock'])
  await assert.rejects(take(join(directory, 'short')), code('USAGE_LOCKED'))
  release()
  ;(await take(join(directory, 'short')))()
})

test('of many that find a lock left over at once, one gets it', async (t) => {
  const directory = await temporaryDirectory(t)
  await writeFile(join(directory, 'lock'), '4000000')
  const taken = await Promise.allSettled(Array.from({ length: 20 }, () => take(directory)))
  assert.equal(taken.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('a lock is given back only where it still is the own one', async (t) => {
  const directory = await temporaryDirectory(t)
  const release = await take(directory)
  await unlink(join(directory, 'lock'))
  const server = createServer((socket) => socket.on('error', () => {}).end('1\n')).listen(join(directory, 'lock'))
  await once(server, 'listening')
  t.after(() => server.close())
  release()
  const socket = connect(join(directory, 'lock')).on('error', () => {})
  await once(socket, 'connect')
  socket.destroy()
  await assert.rejects(take(directory), code('USAGE_LOCKED'))
})

test('where the file system holds no sockets the lock still is one', async () => {
  // /proc takes no new file from anybody
  const release = await take('/proc/self/task')
  await assert.rejects(take('/proc/self/task'), code('USAGE_LOCKED'))
  release()
  ;(await take('/proc/self/task'))()
})

test('a holder may remove the directory at its end: who comes just then makes it again', async (t) => {
  const directory = join(await temporaryDirectory(t), 'state')
  const remove = async () => {
    for (let turn = 0; turn < 50; turn++) {
      rmSync(directory, { recursive: true, force: true })
      await setImmediate()
    }
  }
  const [release] = await Promise.all([takeLock(directory, 'lock', { create: true, busy }), remove()])
  release()
})
