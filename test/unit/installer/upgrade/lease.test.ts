import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { holdLease, leaseName } from '../../../../installer/src/upgrade/lease.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'

const path = `/apis/coordination.k8s.io/v1/namespaces/site/leases`
const times = { lasts: 400, renewed: 60 }

/** A namespace whose one Lease behaves as the API server's do: a write of what was not seen last is refused. */
async function site(t: TestContext) {
  const fake = await fakeKubernetes(t)
  type Lease = { metadata: { resourceVersion?: string }; spec: { holderIdentity?: string; renewTime?: string } }
  const lease: { now: Lease | undefined; version: number } = { now: undefined, version: 0 }
  fake.intercept = (call, body) => {
    if (!call.includes(path)) return undefined
    const [method] = call.split(' ')
    if (method === 'GET') return lease.now ? [200, lease.now] : [404, { code: 404 }]
    const next = JSON.parse(body) as Lease
    const isRight = method === 'POST' ? !lease.now : next.metadata.resourceVersion === String(lease.version)
    if (!isRight) return [409, { code: 409 }]
    lease.version++
    lease.now = { ...next, metadata: { ...next.metadata, resourceVersion: String(lease.version) } }
    return [200, lease.now]
  }
  return { fake, lease }
}

test('one holds it, says so again and again, and gives it back', async (t) => {
  const { fake, lease } = await site(t)
  const held = await holdLease(fake.connect(), 'site', '/state', times)
  const first = lease.now?.spec.renewTime
  while (lease.now?.spec.renewTime === first) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.match(lease.now?.spec.holderIdentity ?? '', / \/state$/)
  await held.release()
  assert.equal(lease.now?.spec.holderIdentity, '')
  assert.ok(fake.calls.some((call) => call.endsWith(`${path}/${leaseName}`)))
})

test('while another machine holds it and says so, there is no second upgrade', async (t) => {
  const { fake, lease } = await site(t)
  const other = {
    spec: { holderIdentity: 'pier 4711 abcd /var/state of mine', renewTime: '0', acquireTime: '2026-11-30' },
  }
  lease.now = { metadata: { resourceVersion: '0' }, ...other }
  const timer = setInterval(() => {
    const now = lease.now as NonNullable<typeof lease.now>
    lease.version++
    now.metadata.resourceVersion = String(lease.version)
    now.spec.renewTime = String(lease.version)
  }, times.renewed)
  t.after(() => clearInterval(timer))
  await assert.rejects(holdLease(fake.connect(), 'site', '/state', times), {
    code: 'UPGRADE_BUSY',
    message: 'an upgrade of site is under way, from pier',
    why: 'process 4711 there holds it since 2026-11-30 (/var/state of mine)',
  })
})

test('one that was killed elsewhere is waited for; one of the same state directory is not', async (t) => {
  const { fake, lease } = await site(t)
  lease.now = { metadata: { resourceVersion: '0' }, spec: { holderIdentity: 'pier 4711 abcd /state', renewTime: '0' } }
  const began = Date.now()
  const first = await holdLease(fake.connect(), 'site', '/state', times)
  assert.ok(Date.now() - began >= times.lasts, 'it may still live until it has said nothing for so long')
  const again = await holdLease(fake.connect(), 'site', '/state', { lasts: 3_600_000, renewed: 3_600_000 })
  await again.release()
  await first.release()
})

test('a holder that was taken over learns of it', async (t) => {
  const { fake, lease } = await site(t)
  const { lost, release } = await holdLease(fake.connect(), 'site', '/state', times)
  lease.now = { metadata: { resourceVersion: '9' }, spec: { holderIdentity: 'pier 1 x /else', renewTime: '9' } }
  if (!lost.aborted) await new Promise((resolve) => lost.addEventListener('abort', resolve))
  assert.equal(lost.reason.code, 'UPGRADE_BUSY')
  assert.match(lost.reason.message, /goes on from pier/)
  await release()
})
