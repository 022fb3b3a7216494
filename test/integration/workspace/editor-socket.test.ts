import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCodeServer } from '../../../services/workspace/ide/code-server.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

/** Stands in for code-server: says who it is to whoever asks. As code-server, it listens a while before it has its routes. */
const stand = `
const { createServer } = require('node:http')
const socket = process.argv[process.argv.indexOf('--socket') + 1]
let routes = false
createServer((_request, answer) => {
  answer.statusCode = routes ? 200 : 404
  answer.end(process.pid + ' ' + socket)
}).listen(socket, () => setTimeout(() => (routes = true), 300))
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
    const asked = get({ createConnection: () => socket, path: '/', headers: { connection: 'close' } })
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const [pid, path] = (await text(answer)).split(' ')
    return { status: answer.statusCode, pid: Number(pid), path: String(path) }
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

test('nobody is let to an editor that has no routes yet', async (t) => {
  const { ask } = await startEditor(t)
  const answers = await Promise.all([ask(), ask()])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  )
})
