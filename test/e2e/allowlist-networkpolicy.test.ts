import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { networkpolicy } from '../../installer/src/allowlist/formats/networkpolicy.ts'
import { allowlist, allowlists, endpoint } from '../fixtures/allowlist.ts'
import { type BorrowedLab, borrowLab } from '../lab/borrow.ts'
import { type Lab, probeImage } from '../lab/lab.ts'

const namespace = `allowlist-${Date.now().toString(36)}`
let borrowed: BorrowedLab | undefined
let lab: Lab

before(async () => {
  borrowed = await borrowLab()
  lab = borrowed.lab
  await lab.kubectl(['create', 'namespace', namespace])
})

after(async () => {
  await lab?.kubectl(['delete', 'namespace', namespace, '--wait=false'])
  await borrowed?.giveBack()
})

const k = (args: readonly string[], input?: string) =>
  lab.kubectl([`--namespace=${namespace}`, ...args], { timeout: 90_000, ...(input === undefined ? {} : { input }) })

/** Whether a pod can connect; tried for a while until it is as wanted, since a policy takes a moment to hold. */
async function connects(target: string, wanted: boolean): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    const there = await k(['exec', 'client', '--', '/probe', 'connect', target]).then(
      () => true,
      () => false,
    )
    if (there === wanted || tries === 10) return there
    await sleep(1000)
  }
}

test('the API server takes a NetworkPolicy of whatever list there is', async () => {
  for (const list of fc.sample(allowlists, { seed: 13, numRuns: 4 }))
    await k(['apply', '--dry-run=server', '--filename=-'], networkpolicy.write(list).text)
})

test('pods reach the addresses of the list at their port, and nothing else', async () => {
  for (const name of ['listed', 'other', 'client'])
    await k(['run', name, `--image=${probeImage}`, '--image-pull-policy=Never', '--', 'serve', '8080,8081'])
  await k(['wait', 'pod/listed', 'pod/other', 'pod/client', '--for=condition=Ready', '--timeout=60s'])
  const address = (name: string) => k(['get', 'pod', name, '--output=jsonpath={.status.podIP}'])
  const [listed, other] = [await address('listed'), await address('other')]
  assert.ok(await connects(`${other}:8080`, true))
  const list = allowlist([
    endpoint({ host: 'listed.example', port: 8080, addresses: [{ address: listed, ttl: 60 }] }),
    endpoint({ host: other, port: 443 }),
  ])
  await k(['apply', '--filename=-'], networkpolicy.write(list).text)
  assert.equal(await connects(`${other}:8080`, false), false)
  assert.equal(await connects(`${listed}:8081`, false), false)
  assert.equal(await connects(`${listed}:8080`, true), true)
})
