import Type from 'typebox'

const file = (title: string, description: string) =>
  Type.String({
    title,
    description: `${description} A relative path counts from the answers file.`,
    minLength: 1,
    file: true,
  })
const object = <P extends Record<string, Type.TSchema>>(properties: P, title: string) =>
  Type.Object(properties, { additionalProperties: false, title })
const replicas = (of: string) =>
  Type.Optional(
    Type.Integer({
      title: `${of} replicas`,
      description: `How many pods the ${of} runs in.`,
      minimum: 1,
      maximum: 50,
      default: 1,
    }),
  )

/**
 * All that an installation asks. The single source: the web wizard, the terminal wizard and `--answers` take their
 * questions, defaults and checks from it. `file: true` marks paths; the contents of those with `secret: true` are secret.
 */
export const Answers = object(
  {
    apiVersion: Type.Literal('sealift.dev/v1', { title: 'API version' }),
    kind: Type.Literal('Answers', { title: 'Kind' }),
    mode: Type.Enum(['airgapped', 'restricted', 'connected'], {
      title: 'Mode',
      description: 'How the site reaches the outside: not at all, an allowlist, or freely.',
      default: 'airgapped',
    }),
    bundle: file('Bundle', 'The bundle file to install from.'),
    license: file('License', 'The license file.'),
    trust: Type.Array(file('Key', 'A public key of the vendor.'), {
      title: 'Trusted keys',
      description: 'Public keys (PEM files) that may have signed the bundle.',
      minItems: 1,
      maxItems: 20,
    }),
    kubeconfig: Type.Optional(
      file('Kubeconfig', 'How to reach the cluster; without it $KUBECONFIG or ~/.kube/config.'),
    ),
    context: Type.Optional(Type.String({ title: 'Context', description: 'Context of the kubeconfig.', minLength: 1 })),
    namespace: Type.Optional(
      Type.String({
        title: 'Namespace',
        description: 'Namespace to install into; it is created where it is missing.',
        pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
        default: 'cde',
      }),
    ),
    registry: object(
      {
        kind: Type.Enum(['serve', 'existing', 'seed'], {
          title: 'Kind of registry',
          description:
            'serve: `sealift serve` answers there. existing: a registry that has the images. seed: one to put them into now.',
          default: 'serve',
        }),
        address: Type.String({
          title: 'Address',
          description: 'host[:port][/path] of the registry, as the nodes reach it.',
          minLength: 1,
          maxLength: 255,
        }),
        caFile: Type.Optional(file('CA', "The CA (PEM) that signed the registry's certificate.")),
        username: Type.Optional(
          Type.String({ title: 'User', description: 'User that may pull (and push, to seed).', minLength: 1 }),
        ),
        passwordFile: Type.Optional(
          Type.String({
            title: 'Password',
            description: 'File that holds the password.',
            minLength: 1,
            file: true,
            secret: true,
          }),
        ),
        plainHttp: Type.Optional(
          Type.Boolean({ title: 'Plain HTTP', description: 'Talk to it without TLS.', default: false }),
        ),
      },
      'Registry',
    ),
    host: Type.String({
      title: 'Host name',
      description: 'Name by which browsers reach the platform.',
      maxLength: 253,
      pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$',
    }),
    devUrlsHost: Type.Optional(
      Type.String({
        title: 'Host name of dev URLs',
        description:
          'Ports and editors of workspaces are reached at names below it, such as 8000-box-ann.dev.site.example for dev.site.example. DNS leads *.<name> to the platform.',
        maxLength: 189,
        pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$',
      }),
    ),
    editorsHost: Type.Optional(
      Type.String({
        title: 'Host name of editors',
        description:
          'Where a wildcard name cannot be had: all editors are at this one second name. With a host name of dev URLs editors have names below that; with neither there are none.',
        maxLength: 189,
        pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$',
      }),
    ),
    tls: Type.Optional(
      object(
        {
          certFile: file(
            'Certificate',
            'Certificate for the host name (and *.<host name of dev URLs>, or the host name of editors) with its chain (PEM).',
          ),
          keyFile: Type.String({
            title: 'Key',
            description: 'Its private key (PEM file).',
            minLength: 1,
            file: true,
            secret: true,
          }),
          caFile: Type.Optional(file('CA', 'The CA that signed it, where systems do not know it.')),
        },
        'Certificate (without it, one is made with a CA of its own)',
      ),
    ),
    storageClass: Type.Optional(
      Type.String({ title: 'Storage class', description: 'For volumes; without it the default class.', minLength: 1 }),
    ),
    serviceType: Type.Optional(
      Type.Enum(['LoadBalancer', 'NodePort', 'ClusterIP'], {
        title: 'Service type',
        description: 'How the cluster publishes the ingress.',
        default: 'LoadBalancer',
      }),
    ),
    replicas: Type.Optional(
      object(
        { manager: replicas('manager'), envproxy: replicas('envproxy'), dashboard: replicas('dashboard') },
        'Replicas',
      ),
    ),
    acceptWithoutNetworkPolicy: Type.Optional(
      Type.Boolean({
        title: 'Accept a network without policies',
        description:
          'Install although the network does not keep to network policies, or although that cannot be tried. Workspaces then reach each other and all that the network leads to.',
        default: false,
      }),
    ),
    values: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        title: 'Chart values',
        description: 'More values for the chart. What another answer decides cannot be set here.',
      }),
    ),
  },
  'Answers',
)
export type Answers = Type.Static<typeof Answers>

/** Answers whose optional fields with a default have it, and whose paths are absolute. */
export type CompleteAnswers = Answers & Required<Pick<Answers, 'namespace' | 'serviceType'>>
