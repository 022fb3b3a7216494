import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import WebSocket from 'ws'
import { temporaryDirectory } from '../../fixtures/directory.ts'

const entry = fileURLToPath(import.meta.resolve('../../../services/dev.ts'))

test('npm run dev serves the whole platform at one origin, says that there is no cluster, and leaves nothing', async (t) => {
  const directory = await temporaryDirectory(t)
  // PostgreSQL runs as another user when this is root
  await chmod(directory, 0o755)
  const env = {
    ...process.env,
    PORT: '0',
    SEALIFT_DEV: join(directory, 'dev'),
    KUBECONFIG: join(directory, 'none'),
    LOG_LEVEL: 'fatal',
  }
  for (const round of ['first', 'second']) {
    const from = performance.now()
    const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    t.after(() => child.kill('SIGTERM'))
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
    while (!/Ctrl-C/.test(text)) {
      assert.equal(child.exitCode, null, text)
      await sleep(50)
    }
    t.diagnostic(`${round} start: ${Math.round(performance.now() - from)} ms`)
    assert.match(text, /do not start: the cluster of \S+ does not answer/)
    const [, url = ''] = /(http:\/\/localhost:\d+)/.exec(text) ?? []
    const [, password = ''] = /password (\S+)/.exec(text) ?? []
    const call = (path: string, init: RequestInit = {}) => fetch(url + path, init)
    assert.match(await (await call('/')).text(), /<title>/)
    const login = await call('/auth/basic/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify({ username: 'admin', password }),
    })
    const { session_token: token } = (await login.json()) as { session_token: string }
    const headers = { 'session-token': token, 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'harbour', cpu: 1, memoryGiB: 1, diskGiB: 1 })
    const created = await call('/api/v0/workspaces', { method: 'POST', headers, body })
    assert.equal(created.status, round === 'first' ? 201 : 409, 'data stays from one start to the next')
    const [workspace] = (await (await call('/api/v0/workspaces', { headers })).json()) as Record<string, string>[]
    assert.deepEqual(
      [workspace?.status, workspace?.statusMessage],
      ['CREATING', 'Kubernetes does not answer at the moment'],
    )
    assert.equal((await call(`/proxy/workspaces/${workspace?.id}/shell`)).status >= 400, true)
    const editor = new URL(workspace?.editorUrl ?? '')
    assert.equal(editor.origin, url.replace('localhost', `ide-${workspace?.id}.dev.localhost`))
    // not every resolver knows names below localhost; browsers do
    const { statusCode, headers: sent } = await request(url, { headers: { host: editor.host } })
    assert.equal(statusCode, 302)
    assert.ok(String(sent.location).startsWith(`${url}/auth/dev-url?label=ide-${workspace?.id}&`))
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v0/workspaces/watch-update`, { headers })
    const [message] = await once(socket, 'message')
    assert.equal(JSON.parse(message.toString()).type, 'snapshot')
    socket.terminate()
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null], text)
    await assert.rejects(call('/'))
  }
})
