import { isIP } from 'node:net'
import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import type { HostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { defineFormat, type Format, type Rule, sift } from './format.ts'
import { byPort, type Port } from './ports.ts'
import { heading } from './words.ts'

/** highest port of an application rule (ARM reference, FirewallPolicyRuleApplicationProtocol) */
const highest = 64_000

/** What an application rule sees the name of; all else is a matter of network rules, which look names up themselves. */
const isWeb = ({ scheme, host, port }: Endpoint): boolean =>
  (scheme === 'https' || scheme === 'http') && isIP(host) === 0 && port <= highest

function obstacle(endpoint: Endpoint): string | undefined {
  if (endpoint.match === 'exact') return undefined
  if (endpoint.match === 'label') return 'a * stands for any number of labels in Azure Firewall'
  return isWeb(endpoint)
    ? undefined
    : `names of ${endpoint.scheme} at port ${endpoint.port} are for network rules, which have no wildcards`
}

/** `*.x` is any number of labels below x, and not x (Azure Firewall FAQ, wildcards in target FQDNs). */
function fqdns({ host, match }: HostPattern): string[] {
  return match === 'exact' ? [host] : match === 'below' ? [`*.${host}`] : [host, `*.${host}`]
}

const applicationRule = (scheme: string, { port, patterns }: Port) => ({
  ruleType: 'ApplicationRule',
  name: `${scheme}-${port}`,
  protocols: [{ protocolType: scheme === 'http' ? 'Http' : 'Https', port }],
  sourceAddresses: sources,
  targetFqdns: patterns.flatMap(fqdns),
})

const networkRule = (kind: 'names' | 'addresses', { port, protocol, patterns }: Port) => ({
  ruleType: 'NetworkRule',
  name: `${kind}-${protocol}-${port}`,
  ipProtocols: [protocol.toUpperCase()],
  sourceAddresses: sources,
  [kind === 'names' ? 'destinationFqdns' : 'destinationAddresses']: patterns.map(({ host }) => host),
  destinationPorts: [String(port)],
})

const sources = "[parameters('sources')]"

const collection = (name: string, priority: number, rules: readonly object[]) => ({
  ruleCollectionType: 'FirewallPolicyFilterRuleCollection',
  name,
  priority,
  action: { type: 'Allow' },
  rules,
})

const usage = [
  'Use: az deployment group create --resource-group GROUP --template-file THIS-FILE --parameters firewallPolicy=NAME',
  'Network rules by name need the DNS proxy of the policy, and clients that look names up by it.',
]

/** A rule collection group as a template (ARM reference, Microsoft.Network firewallPolicies/ruleCollectionGroups). */
export const azure: Format = defineFormat({
  id: 'azure',
  title: 'a rule collection group of Azure Firewall',
  cannot: ['one label below a name: * is any number of them', 'wildcards of what is neither http nor https', 'paths'],
  write(list) {
    const { said, omitted } = sift(list, obstacle)
    const of = (wanted: (endpoint: Endpoint) => boolean) => byPort(said.filter(wanted))
    const application = ['https', 'http'].flatMap((scheme) =>
      of((endpoint) => isWeb(endpoint) && endpoint.scheme === scheme).map((port) => applicationRule(scheme, port)),
    )
    const network = [
      ...of((endpoint) => !isWeb(endpoint) && isIP(endpoint.host) === 0).map((port) => networkRule('names', port)),
      ...of(({ host }) => isIP(host) !== 0).map((port) => networkRule('addresses', port)),
    ]
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      metadata: { comments: [...heading(list, azure, omitted), ...usage] },
      parameters: {
        firewallPolicy: { type: 'string' },
        priority: { type: 'int', defaultValue: 300 },
        sources: { type: 'array', defaultValue: ['*'] },
      },
      resources: [
        {
          type: 'Microsoft.Network/firewallPolicies/ruleCollectionGroups',
          apiVersion: '2024-03-01',
          name: "[concat(parameters('firewallPolicy'), '/sealift-allowlist')]",
          properties: {
            priority: "[parameters('priority')]",
            ruleCollections: [
              ...(network.length === 0 ? [] : [collection('sealift-network', 100, network)]),
              ...(application.length === 0 ? [] : [collection('sealift-application', 200, application)]),
            ],
          },
        },
      ],
    }
    return { text: `${JSON.stringify(template, undefined, 2)}\n`, omitted }
  },
  read(text) {
    const { resources } = JSON.parse(text) as {
      resources: { properties: { ruleCollections: { rules: AzureRule[] }[] } }[]
    }
    return resources
      .flatMap(({ properties }) => properties.ruleCollections)
      .flatMap(({ rules }) => rules.flatMap(admitted))
  },
})

interface AzureRule {
  ruleType: string
  protocols?: { port: number }[]
  targetFqdns?: string[]
  ipProtocols?: string[]
  destinationFqdns?: string[]
  destinationAddresses?: string[]
  destinationPorts?: string[]
}

function admitted(rule: AzureRule): Rule[] {
  if (rule.ruleType === 'ApplicationRule')
    return (rule.protocols ?? []).flatMap(({ port }) =>
      (rule.targetFqdns ?? []).map((text) => ({ pattern: named(text), port })),
    )
  const names = (rule.destinationFqdns ?? []).map((text) => {
    if (text.includes('*')) throw new Error(`no wildcards in network rules: ${text}`)
    return named(text)
  })
  const networks = (rule.destinationAddresses ?? []).map((address) => ({
    network: `${address}/${address.includes(':') ? 128 : 32}`,
  }))
  return (rule.destinationPorts ?? []).flatMap((port) =>
    [...names, ...networks].map(
      (pattern): Rule => ({
        pattern,
        port: Number(port),
        ...(rule.ipProtocols?.includes('UDP') ? { protocol: 'udp' } : {}),
      }),
    ),
  )
}

function named(text: string): HostPattern {
  const [, star, host = ''] = /^(\*\.)?([a-z0-9._-]+)$/.exec(text) ?? []
  if (host === '') throw new Error(`no name: ${text}`)
  return { host, match: star === undefined ? 'exact' : 'below' }
}
