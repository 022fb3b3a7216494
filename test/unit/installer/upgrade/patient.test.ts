import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../../../../installer/src/cluster/connection.ts'
import type { Stage } from '../../../../installer/src/install/engine.ts'
import { patient } from '../../../../installer/src/upgrade/patient.ts'

const limits = { away: 200, look: 1, settle: 500, tries: 3 }
const report = { info: (text: string) => void said.push(text), warn: (text: string) => void said.push(text) } as never
const said: string[] = []

/** A stage that fails with these codes, one after the other, and an API server that answers so, then well. */
function failing(codes: ErrorCode[], answers: number[]) {
  said.length = 0
  const { signal } = new AbortController()
  const ask: Cluster['ask'] = async () => ({ status: answers.shift() ?? 200 }) as Awaited<ReturnType<Cluster['ask']>>
  const context = { signal, cluster: () => ({ signal, ask }) }
  const stage: Stage<typeof context> = {
    ...{ id: 'one', title: 'One', inPlace: '', needed: async () => true },
    async run() {
      const code = codes.shift()
      if (code) throw new SealiftError(code, 'it failed')
    },
  }
  const [waiting] = patient([stage], limits)
  return { left: codes, run: async () => await waiting?.run(context, report) }
}

test('a stage that fails while the API server is away begins again when it is back, and when pods are heard of again', async () => {
  const { left, run } = failing(['CLUSTER_API', 'CLUSTER_DATABASE_DOWN', 'CLUSTER_ROLLOUT'], [503, 503, 503])
  await run()
  assert.deepEqual(left, [])
  assert.match(said.join('\n'), /does not answer: waiting.*\n.*answers again$/)
})

test('what fails while the API server is there is no matter of patience, nor what is none of the cluster', async () => {
  await assert.rejects(failing(['CLUSTER_ROLLOUT'], []).run(), { code: 'CLUSTER_ROLLOUT' })
  await assert.rejects(failing(['STORAGE_FULL'], [503]).run(), { code: 'STORAGE_FULL' })
})

test('patience ends: with an API server that stays away, and with a cluster that does not come to itself', async () => {
  const away = Array<number>(100_000).fill(503)
  await assert.rejects(failing(['CLUSTER_API'], away).run(), { code: 'CLUSTER_API' })
  const lost = Array<ErrorCode>(100_000).fill('CLUSTER_DATABASE_DOWN')
  await assert.rejects(failing(lost, [503]).run(), { code: 'CLUSTER_DATABASE_DOWN' })
})
