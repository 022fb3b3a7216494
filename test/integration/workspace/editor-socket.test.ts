import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCodeServer } from '../../../services/workspace/ide/code-server.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

/** Stands in for code-server: says who it is to whoever connects. */
const stand = `
const { createServer } = require('node:net')
const socket = process.argv[process.argv.indexOf('--socket') + 1]
createServer((client) => client.end(process.pid + ' ' + socket)).listen(socket)
`

async function startEditor(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const entry = join(directory, 'entry.cjs')
  await writeFile(entry, stand)
  const editor = createCodeServer({
    entry,
    runtime: directory,
    home: directory,
    environment: {},
    gallery: undefined,
    log: { info() {}, warn() {} },
  })
  t.after(() => editor.stop())
  /** Who answers, and at which socket it listens. */
  const ask = async () => {
    const socket = await editor.connect()
    const [text] = await once(socket, 'data')
    socket.destroy()
    const [pid, path] = String(text).split(' ')
    return { pid: Number(pid), path: String(path) }
  }
  return { directory, ask }
}

/** Another program of the workspace that would like to be the editor. */
async function squat(t: TestContext, path: string): Promise<void> {
  const server = createServer((client) => client.end('0 squatter'))
  server.listen(path)
  t.after(() => server.close())
  await once(server, 'listening')
}

test('the editor’s socket is in a folder that only its user enters, under a name that nobody knows before', async (t) => {
  const { directory, ask } = await startEditor(t)
  await squat(t, join(directory, '.cde-editor.sock'))
  await squat(t, join(directory, 'cde-editor-socket'))
  const { pid, path } = await ask()
  assert.ok(pid > 0, 'not the squatter')
  const [, folder = ''] = /(cde-editor-[A-Za-z0-9]{6})\/socket$/.exec(path) ?? []
  const { mode } = await stat(join(directory, folder))
  assert.equal(mode & 0o777, 0o700)
})

test('an editor that was killed comes back at another socket, whoever took the old one', async (t) => {
  const { directory, ask } = await startEditor(t)
  const first = await ask()
  process.kill(first.pid, 'SIGKILL')
  const folder = join(first.path, '..')
  while ((await readdir(directory)).some((name) => folder.endsWith(name))) await sleep(10)
  await mkdir(folder, { mode: 0o700 })
  await squat(t, first.path)
  const second = await ask()
  assert.ok(second.pid > 0, 'not the squatter')
  assert.notEqual(second.path, first.path)
})
