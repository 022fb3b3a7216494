import assert from 'node:assert/strict'
import { BlockList, isIPv6 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { helm, objects, type Rendered } from './rendered-chart.ts'

/** At which clouds give a pod what belongs to its node; the sources are in templates/_metadata.tpl. */
const metadata = [
  ...['169.254.169.254', '169.254.170.2', '169.254.170.23', '169.254.169.253', '169.254.0.23', '169.254.42.42'],
  ...['168.63.129.16', '100.100.100.200', '192.0.0.192'],
  ...['fe80::a9fe:a9fe', 'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe', 'fd00:42::42'],
  ...['fd00:100::100:200', 'fd00:a9fe:a9fe::1', '64:ff9b::a9fe:a9fe', '64:ff9b::a83f:8110', '64:ff9b::6464:64c8'],
]
const family = (address: string) => (isIPv6(address.split('/')[0] ?? '') ? 'ipv6' : 'ipv4')

function covers(cidrs: readonly string[], address: string): boolean {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [network = '', prefix] = cidr.split('/')
    list.addSubnet(network, Number(prefix), family(cidr))
  }
  return list.check(address, family(address))
}

const reaches = ({ cidr, except = [] }: { cidr: string; except?: string[] }, address: string): boolean =>
  family(cidr) === family(address) && covers([cidr], address) && !covers(except, address)

/** Blocks of any size, most of them around a metadata address, in any spelling that the schema takes. */
const anyBlock = fc
  .oneof(
    fc.ipV4(),
    fc.tuple(fc.nat(0xffff), fc.nat(0xffff)).map(([a, b]) => `fd00:${a.toString(16)}::${b.toString(16)}`),
    fc.constantFrom(...metadata),
    fc.constantFrom(...metadata),
    fc.constantFrom(...metadata).map(expanded),
  )
  .chain((address) => fc.nat(family(address) === 'ipv6' ? 128 : 32).map((bits) => ({ cidr: `${address}/${bits}` })))

/** `FD00:0EC2:0000:…:0254` for `fd00:ec2::254`; what is no IPv6 address stays as it is. */
function expanded(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', rest = ''] = address.split('::').map((half) => half.split(':').filter(Boolean).join(':'))
  const [first, last] = [head.split(':').filter(Boolean), rest.split(':').filter(Boolean)]
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  return [...first, ...zeros, ...last].map((group) => group.padStart(4, '0').toUpperCase()).join(':')
}

const pods = fc.nat(9).map((n) => ({ podSelector: { matchLabels: { app: `a${n}` } } }))
const block = fc
  .tuple(fc.nat(255), fc.integer({ min: 8, max: 32 }))
  .map(([n, bits]) => ({ ipBlock: { cidr: `10.${n}.0.0/${bits}` } }))
const peers = fc.array(fc.oneof(pods, block), { maxLength: 3 })

/** What an operator may write of a site. */
const anySite = fc.record({
  own: fc.boolean(),
  proxy: fc.option(peers),
  postgres: fc.option(peers),
  oidc: fc.option(peers),
  ingressFrom: peers,
  dnsPeers: peers,
  api: fc.array(fc.nat(255), { maxLength: 2 }),
  /** what workspaces may reach */
  egress: fc.array(anyBlock, { maxLength: 3 }),
  port: fc.option(fc.constantFrom(80, 443)),
})
type Site = typeof anySite extends fc.Arbitrary<infer T> ? T : never

const valuesOf = ({ own, proxy, postgres, oidc, ingressFrom, dnsPeers, api, egress, port }: Site) => ({
  ingress: { controller: { enabled: own } },
  ...(proxy ? { proxy: { http: 'http://proxy.example:3128', https: 'https://proxy.example', peers: proxy } } : {}),
  ...(postgres ? { postgres: { useDefault: false, host: 'db', passwordSecret: 'db', peers: postgres } } : {}),
  ...(oidc ? { oidc: { issuer: 'https://login.example', clientId: 'c', secretName: 's', peers: oidc } } : {}),
  networkPolicies: {
    ingressFrom,
    dnsPeers,
    kubernetesAPI: { cidrs: api.map((n) => `192.0.2.${n}/32`) },
    workspaceEgress: egress.map((ipBlock) => ({
      to: [{ ipBlock }, { namespaceSelector: {} }],
      ...(port ? { ports: [{ port }] } : {}),
    })),
  },
})

/** Whether a site's values can't be: nobody leads to the platform, or a block has nothing but metadata. */
const isRefused = ({ own, ingressFrom, egress }: Site): boolean =>
  (!own && ingressFrom.length === 0) ||
  egress.some(({ cidr }) =>
    metadataBlocks.some((each) => covers([each], cidr.split('/')[0] ?? '') && prefix(each) <= prefix(cidr)),
  )

const prefix = (cidr: string) => Number(cidr.split('/')[1])
const metadataBlocks = [
  ...['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32', 'fe80::/10', 'fd00:ec2::/32'],
  ...['fd20:ce::254/128', 'fd00:100::100:200/128', 'fd00:c1::a9fe:a9fe/128', 'fd00:42::42/128'],
  ...['fd00:a9fe:a9fe::1/128', '64:ff9b::a9fe:0/112', '64:ff9b::a83f:8110/128', '64:ff9b::6464:64c8/128'],
  '64:ff9b::c000:c0/128',
]

/** What no site's values may bring about; see the test. */
function check(all: readonly Rendered[], { egress }: Site): void {
  const policies = all.filter(({ kind }) => kind === 'NetworkPolicy')
  for (const { metadata: named, spec } of policies) {
    for (const rule of spec.ingress ?? []) assert.ok(rule.from?.length > 0, `${named.name}: a rule without from`)
    for (const rule of spec.egress ?? []) {
      assert.ok(rule.to?.length > 0, `${named.name}: a rule without to`)
      for (const { ipBlock } of rule.to) {
        if (ipBlock === undefined) continue
        // the API takes an except only within its block, and smaller (networking/v1, IPBlock)
        for (const one of ipBlock.except ?? [])
          assert.ok(
            covers([ipBlock.cidr], one.split('/')[0]) && prefix(one) > prefix(ipBlock.cidr),
            `${one} in ${ipBlock.cidr}`,
          )
        for (const address of metadata) assert.ok(!reaches(ipBlock, address), `${named.name} reaches ${address}`)
      }
    }
  }
  const open = policies
    .find(({ metadata: named }) => named.name === 'cde-workspaces')
    ?.spec.egress.flatMap((rule: Rendered) => rule.to.flatMap((one: Rendered) => one.ipBlock ?? []))
  for (const { cidr } of egress) {
    const address = cidr.split('/')[0] ?? ''
    if (metadataBlocks.some((block) => family(block) === family(address) && covers([block], address))) continue
    assert.ok(
      open?.some((block: { cidr: string }) => reaches(block, address)),
      `${address} of ${cidr} is reached`,
    )
  }
}

test('whatever a site sets, every rule has its peers, and none leads to where clouds give out credentials', async () => {
  const property = fc.asyncProperty(anySite, async (site) => {
    const outcome = await objects(valuesOf(site)).catch((error: Error & { why?: string }) => error)
    if (!(outcome instanceof Error)) {
      assert.ok(!isRefused(site), 'it is rendered')
      return check(outcome, site)
    }
    assert.ok(isRefused(site), outcome.why ?? outcome.message)
    assert.match(outcome.why ?? '', /ingressFrom|credentials of nodes/)
  })
  // each run is a Helm of its own, so a failure is shown as it was found
  await fc.assert(property, { numRuns: 60, endOnFailure: true })
})

test('the defaults leave a resolver at a link-local address open at its port alone', async () => {
  const { spec } = (await objects({})).find(({ metadata: { name } }) => name === 'cde-workspaces')
  const rules = spec.egress.filter((rule: Rendered) =>
    rule.to.some((one: Rendered) => one.ipBlock?.cidr === '169.254.20.10/32'),
  )
  assert.deepEqual(
    rules.map((rule: Rendered) => rule.ports.map(({ port }: Rendered) => port)),
    [[53, 53]],
  )
})

const off = { ingress: { controller: { enabled: false } } }
const to = (cidr: string) => ({ networkPolicies: { workspaceEgress: [{ to: [{ ipBlock: { cidr } }] }] } })

for (const [what, values, says] of [
  ['the own controller off without the peers of the other', off, /ingressFrom.*peers \(as in a NetworkPolicy\)/s],
  ['a metadata address as what workspaces may reach', to('169.254.169.254/32'), /workspaceEgress opens 169\.254/],
  ['the same in other words', to('FD00:0EC2:0:0:0:0:0:254/128'), /workspaceEgress opens FD00/],
  ['the same as IPv4 within IPv6', to('::ffff:a9fe:a9fe/128'), /as IPv4/],
  ['what is not an address', to('1:2:3::4:5:6:7:8:9/64'), /not an address|pattern/],
  ['a rule without to', { networkPolicies: { workspaceEgress: [{ ports: [{ port: 443 }] }] } }, /'to'/],
  ['a rule with no peer in to', { networkPolicies: { workspaceEgress: [{ to: [] }] } }, /minItems/],
  ['a peer that is nobody', { networkPolicies: { workspaceEgress: [{ to: [{}] }] } }, /minProperties/],
  ['a peer that is nobody for the ingress', { ...off, networkPolicies: { ingressFrom: [{}] } }, /minProperties/],
  [
    'a metadata address as the Kubernetes API',
    { networkPolicies: { kubernetesAPI: { cidrs: ['169.254.169.254/32'] } } },
    /cidrs opens/,
  ],
] as const)
  test(`refused: ${what}`, async () => {
    await assert.rejects(helm(['template', 'cde'], values), (error: Error & { why?: string }) => {
      assert.match(error.why ?? '', says)
      return true
    })
  })

test('where nobody looks at the schema, the chart itself asks for the peers', async () => {
  await assert.rejects(
    helm(['template', 'cde', '--skip-schema-validation'], off),
    (error: Error & { why?: string }) => {
      assert.match(error.why ?? '', /set networkPolicies\.ingressFrom to the peers/)
      return true
    },
  )
})

test('in a cluster with Cilium, its own words say what lies at nodes', async () => {
  const policies = async (values: object) =>
    (await objects(values, ['--api-versions', 'cilium.io/v2/CiliumNetworkPolicy'])).filter(
      ({ kind }) => kind === 'CiliumNetworkPolicy',
    )
  const [api, world] = await policies({ networkPolicies: { kubernetesAPI: { ports: [6443] } } })
  assert.deepEqual(api.spec.egress, [
    { toEntities: ['kube-apiserver'], toPorts: [{ ports: [{ port: '6443', protocol: 'TCP' }] }] },
  ])
  assert.equal(world.spec.endpointSelector.matchLabels['app.kubernetes.io/component'], 'ingress')
  const given = { ...off, networkPolicies: { ingressFrom: [{ podSelector: {} }] } }
  const [, ssh] = await policies(given)
  assert.equal(ssh.spec.endpointSelector.matchLabels['app.kubernetes.io/component'], 'envproxy')
  assert.deepEqual(ssh.spec.ingress[0].toPorts[0].ports, [{ port: '2222', protocol: 'TCP' }])
  assert.deepEqual(await policies({ networkPolicies: { enabled: false } }), [])
})
