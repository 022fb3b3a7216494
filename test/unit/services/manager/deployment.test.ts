import assert from 'node:assert/strict'
import { test } from 'node:test'
import { named, objects } from '../../manifests/rendered-chart.ts'

type Named = { name: string; value?: string }
const oidc = { issuer: 'https://login.site.example:8443/realms/cde', clientId: 'cde', secretName: 'cde-oidc' }

test('an identity provider reaches the manager as environment, its secret as a file, and only its port opens', async () => {
  const all = await objects({ oidc })
  const { spec } = named(all, 'Deployment', 'cde-manager').spec.template
  const environment = Object.fromEntries(spec.containers[0].env.map((one: Named) => [one.name, one.value]))
  assert.deepEqual(
    [environment.OIDC_ISSUER, environment.OIDC_CLIENT_ID, environment.OIDC_CLIENT_SECRET_FILE],
    [oidc.issuer, 'cde', '/etc/cde/oidc/client-secret'],
  )
  const volume = spec.volumes.find((one: Named) => one.name === 'oidc')
  assert.deepEqual(volume.secret.items, [{ key: 'client-secret', path: 'client-secret' }])
  const policy = named(all, 'NetworkPolicy', 'cde-manager')
  const ports = JSON.stringify(policy.spec.egress)
  assert.match(ports, /"ports":\[\{"protocol":"TCP","port":8443\}\]/)
})

const says = (words: RegExp) => (error: { why?: string }) => words.test(error.why ?? '')

test('without an identity provider nothing of it is there', async () => {
  const text = JSON.stringify(named(await objects({}), 'Deployment', 'cde-manager'))
  assert.doesNotMatch(text, /oidc/i)
  await assert.rejects(objects({ oidc: { ...oidc, issuer: 'http://login.site.example' } }), says(/oidc/))
  await assert.rejects(objects({ oidc: { ...oidc, secretName: '' } }), says(/secretName/))
})
