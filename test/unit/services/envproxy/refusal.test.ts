import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { causeOf, Refusal } from '../../../../services/envproxy/refusal.ts'

test('the cause of a refusal is logged by its code, also where it has no message', async () => {
  const failure = await new Promise((resolve) => connect({ host: 'localhost', port: 1 }).once('error', resolve))
  assert.match(causeOf(new Refusal(502, 'X', 'x', failure)) ?? '', /ECONNREFUSED/)
  const several = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })
  assert.equal(causeOf(new Refusal(502, 'X', 'x', several)), 'ECONNREFUSED')
  assert.equal(causeOf(new Refusal(502, 'X', 'x', new AggregateError([]))), 'AggregateError')
  assert.equal(causeOf(new Refusal(502, 'X', 'x')), undefined)
})
