import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { connectTo } from '../../../services/envproxy/connect.ts'
import { forward } from '../../../services/envproxy/http/forward.ts'
import { listen } from './site.ts'

test('a workspace that takes a request and says nothing is 504, not a wait without end', async (t) => {
  const silent = await listen(
    t,
    createServer((socket) => socket.resume()),
  )
  const front = await listen(
    t,
    createHttpServer((request, answer) => {
      const connect = connectTo({ host: '127.0.0.1', port: silent }, undefined)
      const onward = {
        connect,
        target: '/',
        headers: [],
        answerHeader: () => undefined,
        added: [],
        timeoutMs: 200,
      }
      forward(request, answer, onward).catch((error) => answer.end(`${error.status} ${error.code}`))
    }),
  )
  const answer = await fetch(`http://127.0.0.1:${front}/`, { signal: AbortSignal.timeout(10_000) })
  assert.equal(await answer.text(), '504 WORKSPACE_TIMEOUT')
})
