import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { request } from 'undici'
import { fairShare } from '../../../services/manager/turns.ts'
import { greedyClient } from '../../bench/manager/greedy.ts'
import { startPostgres } from '../postgres.ts'
import { newSite } from './site.ts'

/**
 * Told in answers, not in milliseconds, so that it holds on any machine: of all that a greedy user has asked for, only what
 * is worked on at the moment may come before the answer of another user. `npm run bench -- manager` tells it in time.
 */
test('one user who takes all they can get holds nobody else up', async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  let answered = 0
  const count = (app: FastifyInstance) =>
    void app.addHook('onResponse', async ({ user }) => {
      if (user?.username === 'bob') answered++
    })
  const site = await newSite(t, postgres, 'connected', count, undefined, fairShare.perSecond)
  const create = (token: string, name: string) =>
    site.call(token, 'POST', '/api/v0/workspaces', { name, cpu: 1, memoryGiB: 1, diskGiB: 1 })
  await site.user('ada')
  await site.user('bob')
  const [ada, bob] = [await site.logIn('ada'), await site.logIn('bob')]
  await create(ada, 'own')
  for (let i = 0; i < 20; i++) await create(bob, `w${i}`)
  const url = await site.app.listen({ port: 0, host: '127.0.0.1' })
  const greedy = fork(greedyClient, [url, bob])
  t.after(() => greedy.kill('SIGKILL'))
  const [{ watches }] = await once(greedy, 'message')
  assert.equal(watches, fairShare.websockets)
  // what one may do at once after a rest is soon over
  while (answered < 8 * fairShare.perSecond) await sleep(100)
  const between: number[] = []
  for (let i = 0; i < 100; i++) {
    const before = answered
    const { statusCode, body } = await request(`${url}/api/v0/workspaces`, { headers: { 'session-token': ada } })
    between.push(answered - before)
    assert.equal(statusCode, 200)
    await body.dump()
    await sleep(20)
  }
  between.sort((a, b) => a - b)
  const median = between[50] as number
  t.diagnostic(`answers to the greedy user before another's: median ${median}, p99 ${between[98]}`)
  assert.ok(answered > 8 * fairShare.perSecond, 'the greedy user is served all the while')
  // the rare ones are those during which the machine itself stood still
  assert.ok(median <= 1, `${median} answers came before`)
})
