import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as tick } from 'node:timers/promises'
import { withTicketRate } from '../../../../services/manager/ticket-rate.ts'
import type { TicketSigner } from '../../../../services/manager/tickets.ts'
import { createTurns } from '../../../../services/manager/turns.ts'

const share = { atOnce: 2, perSecond: 10, burst: 100, waiting: 2 }

test('a user has so many requests under way, the others wait in order, and nobody else waits', async () => {
  const turns = createTurns(share)
  const begun: string[] = []
  const take = async (user: string, name: string) => {
    const end = await turns.take(user)
    begun.push(name)
    return end
  }
  const first = await take('ada', 'first')
  await take('ada', 'second')
  const third = take('ada', 'third')
  const fourth = take('ada', 'fourth')
  await take('bob', 'bob')
  assert.deepEqual(begun, ['first', 'second', 'bob'])
  await assert.rejects(turns.take('ada'), { statusCode: 429, code: 'REQUESTS_USER' })
  first()
  // ending twice, as after `finish` and `close`, frees one place
  first()
  const end = await third
  await tick()
  assert.deepEqual(begun, ['first', 'second', 'bob', 'third'])
  end()
  await fourth
})

test('after a burst a user goes on at the pace, and rests to have another burst', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  const turns = createTurns({ ...share, burst: 3, waiting: 100 }, () => now)
  let begun = 0
  const ask = () =>
    turns.take('ada').then((end) => {
      begun += 1
      end()
    })
  const pass = async (milliseconds: number) => {
    for (let i = 0; i < milliseconds; i += 10) {
      now += 10
      t.mock.timers.tick(10)
      await tick()
    }
  }
  for (let i = 0; i < 20; i++) void ask()
  await pass(10)
  assert.equal(begun, 3, 'the burst')
  await pass(1000)
  assert.equal(begun, 13, 'ten in a second')
  await pass(10_000)
  assert.equal(begun, 20)
  for (let i = 0; i < 20; i++) void ask()
  await pass(10)
  assert.equal(begun, 23, 'no more than a burst, however long the rest')
})

test('tickets are counted for each user and minute, of terminals and of dev URLs together', async () => {
  const signer = { sign: async () => 't', signDevUrl: async () => 'd' } as unknown as TicketSigner
  const { sign, signDevUrl } = withTicketRate(signer, 2)
  const of = (user: string) => ({ user }) as never
  assert.equal(await sign(of('ada'), 0), 't')
  assert.equal(await signDevUrl(of('ada'), 1), 'd')
  await assert.rejects(sign(of('ada'), 30_000), { statusCode: 429, code: 'TICKETS_USER', retryAfter: 30 })
  assert.equal(await sign(of('bob'), 30_000), 't')
  assert.equal(await sign(of('ada'), 60_000), 't')
})
