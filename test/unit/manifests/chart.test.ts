import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { opensshKey } from '../../../services/ssh/openssh-key.ts'
import {
  chartDirectory,
  devUrls,
  helm,
  named,
  objects,
  ownIngress,
  podsOf,
  type Rendered,
  valuesSets,
} from './rendered-chart.ts'

const sets = await valuesSets()

/** Kinds that Kubernetes 1.30 to 1.34 all serve at these versions (kubernetes.io, deprecation guide). */
const served = new Set([
  'v1 ConfigMap',
  'v1 Secret',
  'v1 Service',
  'v1 ServiceAccount',
  'apps/v1 Deployment',
  'apps/v1 StatefulSet',
  'networking.k8s.io/v1 Ingress',
  'networking.k8s.io/v1 IngressClass',
  'networking.k8s.io/v1 NetworkPolicy',
  'policy/v1 PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1 Role',
  'rbac.authorization.k8s.io/v1 RoleBinding',
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding',
])

for (const { name, values } of sets) {
  test(`helm lint --strict accepts the values set ${name}`, async () => {
    await helm(['lint', '--strict'], values)
  })

  test(`with ${name} every object is of a version that Kubernetes 1.30 to 1.34 serve, in the release's namespace`, async () => {
    for (const object of await objects(values)) {
      assert.ok(served.has(`${object.apiVersion} ${object.kind}`), `${object.apiVersion} ${object.kind}`)
      assert.ok([undefined, 'cde'].includes(object.metadata.namespace), `${object.kind}/${object.metadata.name}`)
    }
  })

  test(`with ${name} every pod meets the Pod Security Standard "restricted" and has a read-only root`, async () => {
    for (const object of podsOf(await objects(values))) {
      const pod = object.spec.template.spec
      assert.equal(pod.securityContext.runAsNonRoot, true)
      assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault')
      for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
        const context = container.securityContext
        assert.equal(context.allowPrivilegeEscalation, false)
        assert.equal(context.readOnlyRootFilesystem, true)
        assert.deepEqual(context.capabilities.drop, ['ALL'])
        assert.ok(container.resources.requests.cpu && container.resources.limits.memory, object.metadata.name)
        assert.ok(container.startupProbe && container.livenessProbe && container.readinessProbe, object.metadata.name)
      }
    }
  })

  test(`with ${name} only the manager and the ingress controller get a token of the Kubernetes API`, async () => {
    const all = await objects(values)
    const withToken = podsOf(all).filter((object) => object.spec.template.spec.automountServiceAccountToken !== false)
    const expected = ['cde-ingress', 'cde-manager'].filter((one) => named(all, 'Deployment', one))
    assert.deepEqual(withToken.map((object) => object.metadata.name).sort(), expected)
    for (const account of all.filter((object) => object.kind === 'ServiceAccount'))
      assert.equal(account.automountServiceAccountToken, false)
  })
}

test('pull secrets reach every pod, and workspaces through the manager', async () => {
  const all = await objects({ imagePullSecrets: ['one', 'two'] })
  for (const object of podsOf(all))
    assert.deepEqual(object.spec.template.spec.imagePullSecrets, [{ name: 'one' }, { name: 'two' }])
  assert.equal(environment(named(all, 'Deployment', 'cde-manager')).WORKSPACE_PULL_SECRETS, 'one,two')
})

test('an image is named by registry, repository, tag and digest, and by the version where both are empty', async () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const images = { manager: { tag: '9', digest }, envproxy: { digest }, dashboard: { tag: '9' }, workspace: { digest } }
  const all = await objects({ image: { registry: 'registry.site.example:5000/mirror' }, images })
  const image = (name: string) => named(all, 'Deployment', name).spec.template.spec.containers[0].image
  assert.equal(image('cde-manager'), `registry.site.example:5000/mirror/cde/manager:9@${digest}`)
  assert.equal(image('cde-envproxy'), `registry.site.example:5000/mirror/cde/envproxy@${digest}`)
  assert.equal(image('cde-dashboard'), 'registry.site.example:5000/mirror/cde/dashboard:9')
  assert.equal(image('cde-ingress'), 'registry.site.example:5000/mirror/cde/ingress:0.1.0')
  assert.equal(
    environment(named(all, 'Deployment', 'cde-manager')).WORKSPACE_IMAGE,
    `registry.site.example:5000/mirror/cde/workspace@${digest}`,
  )
})

test('the generated secrets are what they claim to be', async () => {
  const all = await objects({})
  const data = (name: string, key: string) =>
    Buffer.from(named(all, 'Secret', name).data[key], 'base64').toString('utf8')
  assert.match(data('cde-admin', 'password'), /^[A-Za-z0-9]{24}$/)
  assert.match(data('cde-postgres', 'password'), /^[A-Za-z0-9]{40}$/)
  assert.equal(createPrivateKey(data('cde-ticket', 'ticket.pem')).asymmetricKeyType, 'ed25519')
  assert.match(opensshKey(createPrivateKey(data('cde-ssh', 'host.pem'))), /^-----BEGIN OPENSSH PRIVATE KEY-----\n/)
  assert.match(data('cde-internal', 'key'), /^[A-Za-z0-9]{48}$/)
  const certificate = new X509Certificate(data('cde-postgres-tls', 'tls.crt'))
  const ca = new X509Certificate(data('cde-postgres-tls', 'ca.crt'))
  assert.ok(ca.ca && certificate.verify(ca.publicKey))
  assert.ok(certificate.checkPrivateKey(createPrivateKey(data('cde-postgres-tls', 'tls.key'))))
  for (const host of ['cde-postgres', 'cde-postgres.cde.svc.cluster.local'])
    assert.ok(certificate.checkHost(host), host)
})

test('a major version of PostgreSQL has a StatefulSet, a claim and a pod of its own, and the Service leads to that pod', async () => {
  const of = async (major: number) => {
    const all = await objects({ postgres: { major } })
    const set = named(all, 'StatefulSet', `cde-postgres-${major}`)
    const labels = {
      'app.kubernetes.io/part-of': 'cde',
      'app.kubernetes.io/instance': 'cde',
      'app.kubernetes.io/component': 'postgres',
      'sealift.dev/postgres-major': String(major),
    }
    assert.deepEqual(set.spec.selector.matchLabels, labels)
    assert.deepEqual(named(all, 'Service', 'cde-postgres').spec.selector, labels)
    assert.deepEqual(set.spec.template.metadata.labels, { ...labels, 'app.kubernetes.io/name': 'cde-postgres' })
    const [claim] = set.spec.volumeClaimTemplates
    assert.deepEqual(claim.metadata, { name: 'data', labels })
    assert.equal(environment(set).POSTGRES_MAJOR, String(major))
    assert.equal(all.filter(({ kind }) => kind === 'StatefulSet').length, 1)
    const { spec } = named(all, 'NetworkPolicy', 'cde-postgres')
    assert.equal(spec.podSelector.matchLabels['sealift.dev/postgres-major'], undefined, 'it holds for every major')
    return set
  }
  assert.deepEqual((await of(18)).spec.template.spec.volumes, (await of(15)).spec.template.spec.volumes)
  const majorIn = async (file: string, line: RegExp) =>
    line.exec(await readFile(join(chartDirectory, file), 'utf8'))?.[1]
  const built = await majorIn('../images/postgres/Dockerfile', /^ARG MAJOR=(\d+)$/m)
  assert.equal(built, await majorIn('values.yaml', /^ {2}major: (\d+)$/m), 'the chart and its image are of one major')
})

test('the manager talks to the database with verify-full, also to one of the site', async () => {
  const rootOf = async (values: object) =>
    environment(named(await objects(values), 'Deployment', 'cde-manager')).PGSSLROOTCERT
  const own = { useDefault: false, host: 'db.example.com', passwordSecret: 'db' }
  assert.equal(await rootOf({}), '/etc/cde/postgres-ca/ca.crt')
  assert.equal(await rootOf({ postgres: own, certs: { secret: 'cde-ca' } }), '/etc/cde/ca/ca.crt')
  assert.equal(await rootOf({ postgres: own }), '/etc/ssl/certs/ca-certificates.crt')
  const withCA = { ...own, caSecret: 'db-ca' }
  assert.equal(await rootOf({ postgres: { ...withCA, sslMode: 'disable' } }), undefined)
  const given = { postgres: withCA, certs: { secret: 'cde-ca' } }
  assert.equal(await rootOf(given), '/etc/cde/postgres-ca/ca.crt')
  const { volumes } = named(await objects(given), 'Deployment', 'cde-manager').spec.template.spec
  assert.equal(volumes.find(({ name }: { name: string }) => name === 'postgres-ca').secret.secretName, 'db-ca')
})

test('the manager may not read secrets, nor change the policies that fence workspaces in', async () => {
  const { rules } = named(await objects({}), 'Role', 'cde-manager')
  const resources = rules.flatMap((rule: { resources: string[] }) => rule.resources)
  assert.deepEqual(resources.toSorted(), [
    ...['deployments', 'persistentvolumeclaims', 'pods', 'pods', 'serviceaccounts', 'services'],
  ])
  const verbs = new Set(rules.flatMap((rule: { verbs: string[] }) => rule.verbs))
  assert.deepEqual([...verbs].toSorted(), ['create', 'delete', 'list', 'patch', 'watch'])
})

test('what is there once in a cluster has the name of the installation, and two share none', async () => {
  const clusterWide = ['IngressClass', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']
  const names = async (namespace: string, values: object = {}) =>
    (await objects(values, ['--namespace', namespace]))
      .filter(({ kind }) => clusterWide.includes(kind))
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
  const one = await names('one')
  assert.deepEqual(one.toSorted(), [
    'IngressClass cde.one',
    'ValidatingAdmissionPolicy cde-manager.one',
    'ValidatingAdmissionPolicyBinding cde-manager.one',
  ])
  const two = await names('two')
  assert.deepEqual(
    one.filter((name) => two.includes(name)),
    [],
  )
  assert.deepEqual(await names('one', { admissionPolicy: { enabled: false } }), ['IngressClass cde.one'])
})

test('the controller, its class and the Ingresses agree about the name', async () => {
  const classes = async (values: object) => {
    const all = await objects(values)
    const own = named(all, 'Deployment', 'cde-ingress')
    return [
      all.find(({ kind }) => kind === 'IngressClass')?.metadata.name,
      own && environment(own).INGRESS_CLASS,
      ...all.filter(({ kind }) => kind === 'Ingress').map(({ spec }) => spec.ingressClassName),
    ]
  }
  assert.deepEqual(await classes(devUrls), Array(4).fill('cde.cde'))
  assert.deepEqual(await classes({ ingress: { className: 'mine' } }), Array(3).fill('mine'))
  assert.deepEqual(await classes(ownIngress), [undefined, undefined, 'other'])
  const unnamed = { ...ownIngress, ingress: { controller: { enabled: false } } }
  assert.deepEqual(await classes(unnamed), [undefined, undefined, undefined], "the cluster's default")
})

test("the manager's policy is for its own account and namespace, and denies", async () => {
  const all = await objects({}, ['--namespace', 'site'])
  const policy = named(all, 'ValidatingAdmissionPolicy', 'cde-manager.site').spec
  assert.deepEqual(policy.matchConditions, [
    { name: 'manager', expression: "request.userInfo.username == 'system:serviceaccount:site:cde-manager'" },
  ])
  assert.equal(policy.failurePolicy, 'Fail')
  assert.deepEqual(policy.matchConstraints.namespaceSelector, {
    matchLabels: { 'kubernetes.io/metadata.name': 'site' },
  })
  assert.deepEqual(named(all, 'ValidatingAdmissionPolicyBinding', 'cde-manager.site').spec, {
    policyName: 'cde-manager.site',
    validationActions: ['Deny'],
  })
  const resources = policy.matchConstraints.resourceRules.flatMap(({ resources }: Rendered) => resources)
  const may = named(all, 'Role', 'cde-manager').rules.filter(({ verbs }: Rendered) => verbs.includes('create'))
  for (const resource of may.flatMap((rule: Rendered) => rule.resources))
    assert.ok(resources.includes(resource), resource)
})

test('the ingress controller may read the secret of its certificate and no other', async () => {
  const secrets = async (values: object) =>
    named(await objects(values), 'Role', 'cde-ingress').rules.filter((rule: Rendered) =>
      rule.resources.includes('secrets'),
    )
  const tls = { ingress: { tls: { enabled: true, hostSecretName: 'site-tls' } } }
  assert.deepEqual(await secrets({}), [])
  const [rule, ...more] = await secrets(tls)
  assert.deepEqual([rule.resourceNames, more], [['site-tls'], []])
  assert.equal(environment(named(await objects(tls), 'Deployment', 'cde-ingress')).TLS_SECRETS, 'site-tls')
})

test('SSH has its own way in where the cluster routes HTTP itself', async () => {
  assert.equal(named(await objects({}), 'Service', 'cde-ssh'), undefined)
  const own = named(await objects(ownIngress), 'Service', 'cde-ssh')
  assert.deepEqual(own.spec.ports, [{ name: 'ssh', port: 22, targetPort: 'ssh' }])
})

test('connections keep the address of their client, where the Service has a say', async () => {
  const policy = async (serviceType: string, more: object = {}, name = 'cde-ingress') =>
    named(await objects({ serviceType, ...more }), 'Service', name).spec.externalTrafficPolicy
  assert.equal(await policy('LoadBalancer'), 'Local')
  assert.equal(await policy('NodePort'), 'Local')
  assert.equal(await policy('ClusterIP'), undefined)
  assert.equal(await policy('NodePort', { ingress: { externalTrafficPolicy: 'Cluster' } }), 'Cluster')
  assert.equal(await policy('LoadBalancer', ownIngress, 'cde-ssh'), 'Local')
})

test("manager and envproxy believe the own ingress' pods, or what the site names, and nobody else", async () => {
  const told = async (values: object) => {
    const all = await objects(values)
    const [manager, envproxy] = ['cde-manager', 'cde-envproxy'].map(
      (name) => environment(named(all, 'Deployment', name)).TRUSTED_PROXIES,
    )
    assert.equal(manager, envproxy)
    return manager
  }
  const pods = 'cde-ingress-pods.cde.svc.cluster.local.'
  assert.equal(await told({}), pods)
  const { spec } = named(await objects({}), 'Service', 'cde-ingress-pods')
  assert.deepEqual([spec.clusterIP, spec.publishNotReadyAddresses], ['None', true])
  assert.deepEqual(spec.selector, named(await objects({}), 'Service', 'cde-ingress').spec.selector)
  assert.equal(await told({ ingress: { trustedProxies: ['10.0.0.0/8'] } }), `10.0.0.0/8,${pods}`)
  assert.equal(await told(ownIngress), '')
  const given = { ...ownIngress.ingress, trustedProxies: ['10.244.0.0/16', 'fd00::/64'] }
  assert.equal(await told({ ...ownIngress, ingress: given }), '10.244.0.0/16,fd00::/64')
})

test('the routes are those of the product', async () => {
  const [rule] = named(await objects({ ingress: { host: 'cde.example.com' } }), 'Ingress', 'cde').spec.rules
  assert.equal(rule.host, 'cde.example.com')
  assert.deepEqual(
    rule.http.paths.map((one: { path: string; backend: { service: { name: string; port: { number: number } } } }) => [
      one.path,
      `${one.backend.service.name}:${one.backend.service.port.number}`,
    ]),
    [
      ['/proxy/', 'cde-envproxy:8080'],
      ['/api/', 'cde-manager:8080'],
      ['/auth/', 'cde-manager:8080'],
      ['/', 'cde-dashboard:3000'],
    ],
  )
})

test('SSH comes with the address of its client through the own ingress, and as it is without', async () => {
  const of = async (values: object) => {
    const found = (await objects(values)).filter(({ kind }) => kind === 'Deployment')
    return (name: string) => environment(found.find(({ metadata }) => metadata.name === name))
  }
  const own = await of({ ingress: { controller: { sshConnectionsPerClient: 4096 } } })
  assert.equal(own('cde-ingress').TCP_SERVICES, '2222=cde-envproxy:2222:proxy')
  assert.equal(own('cde-ingress').TCP_CONNECTIONS_PER_CLIENT, '4096')
  assert.equal(own('cde-envproxy').SSH_PROXY_PROTOCOL, 'true')
  assert.equal((await of(ownIngress))('cde-envproxy').SSH_PROXY_PROTOCOL, 'false')
})

for (const [what, values, field] of [
  ['an unknown value', { imagePullSecret: 'typo' }, /imagePullSecret/],
  ['an unknown value deep inside', { ingress: { tls: { secretName: 'x' } } }, /secretName/],
  ['an unknown mode', { mode: 'offline' }, /mode/],
  ['TLS without a certificate', { ingress: { tls: { enabled: true } } }, /hostSecretName/],
  ['a database of the site without its host', { postgres: { useDefault: false, passwordSecret: 'x' } }, /host/],
  ['a digest that is none', { images: { manager: { digest: 'sha256:12' } } }, /digest/],
  ['a private key among the license keys', { license: { keys: '-----BEGIN PRIVATE KEY-----' } }, /keys/],
] as const)
  test(`the schema refuses ${what}`, async () => {
    await assert.rejects(helm(['template', 'cde'], values), (error: Error & { why?: string }) => {
      assert.match(error.why ?? '', field)
      return true
    })
  })

function environment(deployment: {
  spec: { template: { spec: { containers: { env: { name: string; value: string }[] }[] } } }
}) {
  const [container] = deployment.spec.template.spec.containers
  return Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]))
}
