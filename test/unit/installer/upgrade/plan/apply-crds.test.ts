import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { applyCrds } from '../../../../../installer/src/upgrade/plan/objects/apply-crds.ts'
import { release, rendered, site } from './site.ts'

const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
}
const at = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com'
const other = { ...crd, metadata: { name: 'others.example.com' } }
/** One below `crds/` of a subchart, and one that is a template like any other. */
const chart = `---\n# Source: cde/charts/sub/crds/t.yaml\n${rendered(crd)}\n---\n# Source: cde/templates/crds/o.yaml\n${rendered(other)}`

test('the definitions of crds/ are applied, and waited for until their kinds are served', async (t) => {
  const { cluster, answers, objects, put, calls } = await site(t)
  const resources = [{ name: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false }]
  answers.set('/apis/apiextensions.k8s.io/v1', { resources })
  const patience = { limit: 40, interval: 10 }
  await assert.rejects(applyCrds(cluster, release, chart, patience), {
    code: 'CLUSTER_CRD',
    message: 'the cluster does not serve the kind that things.example.com defines',
    fix: /kubectl .* get customresourcedefinition things.example.com/,
  })
  assert.ok(objects.has(at))
  calls.length = 0
  const applied = applyCrds(cluster, release, chart, { limit: 10_000, interval: 10 })
  while (calls.filter((call) => call === `GET ${at}`).length < 2) await sleep(5)
  put(at, { ...crd, status: { conditions: [{ type: 'Established', status: 'True' }] } })
  assert.deepEqual(await applied, [{ apiVersion: crd.apiVersion, kind: crd.kind, name: 'things.example.com' }])
  assert.ok(calls.every((call) => !call.includes('others')))
})
