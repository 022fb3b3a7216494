import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'
const url = '/api/v0/ssh-keys'

test("who adds another's public key to their own account does not keep it from its holder", async (t) => {
  const site = await newSite(t, postgres)
  await site.user('mallory')
  await site.user('ada')
  const [mallory, ada] = [await site.logIn('mallory'), await site.logIn('ada')]
  const squatted = await site.call(mallory, 'POST', url, { key: `${key} mine` })
  const own = await site.call(ada, 'POST', url, { key: `${key} ada@laptop\n` })
  assert.deepEqual([squatted.statusCode, own.statusCode, own.json().name], [201, 201, 'ada@laptop'])
  const twice = await site.call(ada, 'POST', url, { key })
  assert.deepEqual([twice.statusCode, twice.json().code], [409, 'SSH_KEY_TAKEN'])
  assert.equal((await site.call(mallory, 'DELETE', `${url}/${own.json().id}`)).statusCode, 404)
  assert.equal((await site.call(mallory, 'DELETE', `${url}/${squatted.json().id}`)).statusCode, 204)
  assert.equal((await site.call(ada, 'GET', url)).json().length, 1)
})
