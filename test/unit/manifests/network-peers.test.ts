import assert from 'node:assert/strict'
import { BlockList, isIPv6 } from 'node:net'
import { test } from 'node:test'
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

/** A generator of numbers below `n` that gives the same ones for the same seed (mulberry32). */
function random(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n
  }
}

/** Blocks of any size, most of them around a metadata address, in any spelling that the schema takes. */
function anyBlock(pick: (n: number) => number): { cidr: string } {
  const v4 = () => [pick(224), pick(256), pick(256), pick(256)].join('.')
  const v6 = () =>
    `fd${pick(256).toString(16).padStart(2, '0')}:${pick(65536).toString(16)}::${pick(65536).toString(16)}`
  const near = metadata[pick(metadata.length)] ?? ''
  const address = [v4, v6, () => near, () => near, () => expanded(near)][pick(5)]?.() ?? ''
  return { cidr: `${address}/${pick(family(address) === 'ipv6' ? 129 : 33)}` }
}

/** `FD00:0EC2:0000:…:0254` for `fd00:ec2::254`; what is no IPv6 address stays as it is. */
function expanded(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', rest = ''] = address.split('::').map((half) => half.split(':').filter(Boolean).join(':'))
  const [first, last] = [head.split(':').filter(Boolean), rest.split(':').filter(Boolean)]
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  return [...first, ...zeros, ...last].map((group) => group.padStart(4, '0').toUpperCase()).join(':')
}

type Drawn = { values: object; blocks: { cidr: string }[]; refused: boolean }

/** Values of a site, as an operator may write them. `blocks`: what workspaces may reach; `refused`: not to be rendered. */
function anyValues(pick: (n: number) => number): Drawn {
  const some = <T>(make: () => T, most: number) => Array.from({ length: pick(most + 1) }, make)
  const pods = () => ({ podSelector: { matchLabels: { app: `a${pick(9)}` } } })
  const safe = () => ({ ipBlock: { cidr: `10.${pick(256)}.0.0/${8 + pick(25)}` } })
  const peer = () => (pick(2) ? pods() : safe())
  const own = pick(2) === 0
  const ingressFrom = some(peer, 3)
  const blocks = some(() => anyBlock(pick), 3)
  const rules = blocks.map((ipBlock) => ({ to: [{ ipBlock }, pods()], ...(pick(2) ? { ports: [{ port: 443 }] } : {}) }))
  const proxy = pick(2)
    ? { http: 'http://proxy.example:3128', https: 'https://proxy.example', peers: some(peer, 2) }
    : {}
  const values = {
    ingress: { controller: { enabled: own } },
    proxy,
    ...(pick(2) ? { postgres: { useDefault: false, host: 'db', passwordSecret: 'db', peers: some(peer, 2) } } : {}),
    ...(pick(2)
      ? { oidc: { issuer: 'https://login.example', clientId: 'c', secretName: 's', peers: some(peer, 2) } }
      : {}),
    networkPolicies: {
      ingressFrom,
      dnsPeers: some(peer, 2),
      kubernetesAPI: { cidrs: some(() => `192.0.2.${pick(256)}/32`, 2) },
      workspaceEgress: rules,
    },
  }
  const inside = ({ cidr }: { cidr: string }) =>
    metadataBlocks.some((block) => covers([block], cidr.split('/')[0] ?? '') && prefix(block) <= prefix(cidr))
  return { values, blocks, refused: (!own && ingressFrom.length === 0) || blocks.some(inside) }
}

const prefix = (cidr: string) => Number(cidr.split('/')[1])
const metadataBlocks = [
  ...['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32', 'fe80::/10', 'fd00:ec2::/32'],
  ...['fd20:ce::254/128', 'fd00:100::100:200/128', 'fd00:c1::a9fe:a9fe/128', 'fd00:42::42/128'],
  ...['fd00:a9fe:a9fe::1/128', '64:ff9b::a9fe:0/112', '64:ff9b::a83f:8110/128', '64:ff9b::6464:64c8/128'],
  '64:ff9b::c000:c0/128',
]

/** What no site's values may bring about; see the test. */
function check(all: readonly Rendered[], { blocks }: Drawn): void {
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
  for (const { cidr } of blocks) {
    const address = cidr.split('/')[0] ?? ''
    if (metadataBlocks.some((block) => family(block) === family(address) && covers([block], address))) continue
    assert.ok(
      open?.some((block: { cidr: string }) => reaches(block, address)),
      `${address} of ${cidr} is reached`,
    )
  }
}

test('whatever a site sets, every rule has its peers, and none leads to where clouds give out credentials', async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
  t.diagnostic(`SEED=${seed}`)
  const pick = random(seed)
  const drawn = Array.from({ length: 48 }, () => anyValues(pick))
  const left = drawn.values()
  let rendered = 0
  const work = async () => {
    for (const one of left) {
      const outcome = await objects(one.values).catch((error: Error & { why?: string }) => error)
      const what = `SEED=${seed} ${JSON.stringify(one.values)}`
      if (outcome instanceof Error) {
        assert.ok(one.refused, `${what}: ${(outcome as { why?: string }).why}`)
        assert.match((outcome as { why?: string }).why ?? '', /ingressFrom|credentials of nodes/)
        continue
      }
      rendered++
      assert.ok(!one.refused, `${what} is rendered`)
      try {
        check(outcome, one)
      } catch (error) {
        throw new Error(`${what}: ${(error as Error).message}`)
      }
    }
  }
  await Promise.all([work(), work()])
  assert.ok(rendered > 5, 'most are rendered')
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
