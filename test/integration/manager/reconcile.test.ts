import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineRefusal } from '../../../services/manager/workspaces/engine.ts'
import { type Leadership, leadership } from '../../../services/manager/workspaces/leader.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newDatabase, newSite, type Site, silent } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

async function harbour(site: Site): Promise<{ token: string; id: string }> {
  await site.user('ada')
  const token = await site.logIn('ada')
  const body = { name: 'harbour', cpu: 1, memoryGiB: 1, diskGiB: 1 }
  return { token, id: (await site.call(token, 'POST', '/api/v0/workspaces', body)).json().id }
}

test('a create that was cut off in the middle is finished by the next pass', async (t) => {
  const site = await newSite(t, postgres)
  const { token, id } = await harbour(site)
  const apply = site.engine.apply
  site.engine.apply = () => Promise.reject(new Error('killed'))
  await site.reconcile()
  assert.equal((await site.call(token, 'GET', `/api/v0/workspaces/${id}`)).json().status, 'CREATING')
  site.engine.apply = apply
  await site.reconcile()
  assert.equal(site.engine.specs.size, 0, 'it waits before it tries again')
  site.time.now += 3_000
  await site.reconcile()
  assert.equal((await site.call(token, 'GET', `/api/v0/workspaces/${id}`)).json().status, 'ON')
})

test('what Kubernetes refuses is shown to the owner, and tried again later', async (t) => {
  const site = await newSite(t, postgres)
  const { token, id } = await harbour(site)
  const apply = site.engine.apply
  site.engine.apply = () => Promise.reject(new EngineRefusal('Kubernetes refuses: exceeded quota'))
  await site.reconcile()
  const { status, statusMessage } = (await site.call(token, 'GET', `/api/v0/workspaces/${id}`)).json()
  assert.deepEqual([status, statusMessage], ['FAILED', 'Kubernetes refuses: exceeded quota'])
  site.engine.apply = apply
  site.time.now += 3_000
  await site.reconcile()
  const healed = (await site.call(token, 'GET', `/api/v0/workspaces/${id}`)).json()
  assert.deepEqual([healed.status, healed.statusMessage], ['ON', undefined])
})

test('a delete goes on until nothing is left, and only then is the row forgotten', async (t) => {
  const site = await newSite(t, postgres)
  const { token, id } = await harbour(site)
  await site.reconcile()
  await site.call(token, 'DELETE', `/api/v0/workspaces/${id}`)
  const remove = site.engine.remove
  site.engine.remove = async () => false
  assert.equal(await site.reconcile(), true, 'there is more to do')
  assert.equal((await site.database.query('SELECT 1 FROM workspaces')).rowCount, 1)
  const again = await site.call(token, 'POST', '/api/v0/workspaces', {
    name: 'harbour',
    cpu: 1,
    memoryGiB: 1,
    diskGiB: 1,
  })
  assert.equal(again.statusCode, 201, 'its name is free at once')
  site.engine.remove = remove
  await site.reconcile()
  assert.equal((await site.database.query('SELECT 1 FROM workspaces')).rowCount, 1)
})

test('objects that vanished behind our back are made again', async (t) => {
  const site = await newSite(t, postgres)
  const { id } = await harbour(site)
  await site.reconcile()
  site.engine.specs.delete(id)
  site.engine.set(id, { seen: 'absent' })
  await site.reconcile()
  assert.ok(site.engine.specs.has(id))
})

test('a part that vanished is made again, a home is not: it is made once, and its loss is shown', async (t) => {
  const site = await newSite(t, postgres)
  const { token, id } = await harbour(site)
  const applied: (boolean | undefined)[] = []
  const apply = site.engine.apply
  site.engine.apply = async (spec) => {
    applied.push(spec.homeMade)
    await apply(spec)
  }
  await site.reconcile()
  const present = { seen: 'present', ready: true, off: false } as const
  site.engine.set(id, { ...present, lacks: true, home: 'there' })
  await site.reconcile()
  await site.reconcile()
  assert.deepEqual(applied, [false, true], 'once more, without the home')
  site.engine.set(id, { ...present, lacks: false, home: 'lost' })
  await site.reconcile()
  assert.equal(applied.length, 2)
  const shown = async () => (await site.call(token, 'GET', `/api/v0/workspaces/${id}`)).json()
  const { status, statusMessage } = await shown()
  assert.equal(status, 'FAILED')
  assert.match(statusMessage, /was deleted in the cluster/)
  const ticket = await site.call(token, 'POST', `/api/v0/workspaces/${id}/tickets`, { port: 26337 })
  assert.equal(ticket.json().code, 'WORKSPACE_NOT_RUNNING')
  site.engine.set(id, { ...present, home: 'there' })
  assert.equal((await shown()).status, 'ON', 'somebody put it back')
  site.engine.set(id, { ...present, home: 'going' })
  assert.deepEqual([(await shown()).status, /before it stops/.test((await shown()).statusMessage)], ['ON', true])
})

test('a workspace deleted while it is being created leaves nothing behind', async (t) => {
  const site = await newSite(t, postgres)
  const { token, id } = await harbour(site)
  const apply = site.engine.apply
  site.engine.apply = async (spec) => {
    // another replica deletes it, finishes, and forgets it, all before this apply ends
    await site.call(token, 'DELETE', `/api/v0/workspaces/${id}`)
    await site.database.query('DELETE FROM workspaces')
    await apply(spec)
  }
  await site.reconcile()
  assert.equal(site.engine.specs.size, 0)
})

test('one replica leads at a time; when it goes, the other takes over; a notification wakes it', async (t) => {
  const replicas: Leadership[] = []
  // before the database is closed, which waits for them
  t.after(() => Promise.all(replicas.map((one) => one.close())))
  const database = await newDatabase(t, postgres)
  const rounds: string[] = []
  let busy = 0
  let overlaps = 0
  const replica = (name: string) => {
    const started = leadership({
      database,
      log: silent,
      release: 0,
      every: { idle: 60_000, busy: 20, follow: 50 },
      work: async () => {
        if (busy++ > 0) overlaps++
        rounds.push(name)
        await sleep(20)
        busy--
        return false
      },
    })
    replicas.push(started)
    return started
  }
  const until = async (condition: () => boolean) => {
    for (let waited = 0; !condition(); waited += 10) {
      assert.ok(waited < 5_000, `waited in vain: ${rounds}`)
      await sleep(10)
    }
  }
  const one = replica('one')
  await until(() => rounds.length === 1)
  const two = replica('two')
  await sleep(150)
  assert.deepEqual(rounds, ['one'])
  await two.notify()
  await until(() => rounds.length === 2)
  assert.deepEqual(rounds, ['one', 'one'], 'the one that leads was woken by the other')
  await one.close()
  await until(() => rounds.length === 3)
  assert.equal(rounds[2], 'two')
  await sleep(100)
  const cut = await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  assert.equal(cut.rowCount, 1, 'one replica holds the lock')
  await until(() => rounds.length === 4)
  assert.equal(rounds[3], 'two', 'it leads again after its connection broke')
  await two.close()
  assert.equal(overlaps, 0)
})
