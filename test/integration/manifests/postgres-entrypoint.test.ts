import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { temporaryDirectory } from '../../fixtures/directory.ts'

const entrypoint = join(import.meta.dirname, '../../../manifests/images/postgres/entrypoint')

test('an image of another major version than the volume is for refuses it', async () => {
  const env = { PATH: process.env.PATH, PG_MAJOR: '17', POSTGRES_MAJOR: '15' }
  const ran = await promisify(execFile)('bash', [entrypoint], { env }).catch((error) => error)
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /^this image has PostgreSQL 17, and the volume is for PostgreSQL 15: postgres\.major/)
})

test('a database that is stopped while it is made for the first time ends, although it is process 1', {
  skip: process.getuid?.() === 0 ? false : 'a process namespace takes root',
}, async (t) => {
  const directory = await temporaryDirectory(t)
  const at = (name: string) => join(directory, name)
  await mkdir(at('bin'))
  await mkdir(at('tls'))
  for (const name of ['tls/tls.crt', 'tls/tls.key', 'password']) await writeFile(at(name), 'x')
  const program = (name: string, ...lines: string[]) =>
    writeFile(at(`bin/${name}`), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 })
  // the directory that the real one makes in /tmp
  await program('install')
  await program('initdb', `: >${at('begun')}`, 'sleep 1')
  await program('postgres', `: >${at('runs')}`)
  const child = spawn('unshare', ['--pid', '--fork', 'bash', entrypoint], {
    env: {
      PATH: `${at('bin')}:${process.env.PATH}`,
      PG_MAJOR: '17',
      PGDATA: at('data'),
      POSTGRES_PASSWORD_FILE: at('password'),
      POSTGRES_TLS_DIR: at('tls'),
    },
    stdio: 'inherit',
  })
  t.after(() => child.kill('SIGKILL'))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  while (!(await readdir(directory)).includes('begun')) await sleep(10)
  // unshare waits for process 1 of the namespace, which is its only child
  const { stdout } = spawn('ps', ['-o', 'pid=', '--ppid', String(child.pid)])
  let inside = ''
  for await (const chunk of stdout) inside += chunk
  process.kill(Number(inside), 'SIGINT')
  assert.equal(await ended, 143)
  assert.ok(!(await readdir(directory)).includes('runs'))
})
