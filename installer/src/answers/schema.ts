import * as Type from 'typebox'
import { choice, file, group, secretFile, text } from './field-kinds.ts'

const replicas = (of: string) =>
  Type.Optional(
    Type.Integer({
      title: `${of} replicas`,
      description: `How many pods the ${of} runs in.`,
      minimum: 1,
      maximum: 50,
    }),
  )

/**
 * All that an installation asks. The single source: the web wizard, the terminal wizard and `--answers` take their
 * questions, defaults and checks from it, and its order is theirs. `file: true` marks paths; the contents of those with
 * `secret: true` are secret.
 */
export const Answers = Type.Object(
  {
    apiVersion: Type.Literal('sealift.dev/v1', { title: 'API version' }),
    kind: Type.Literal('Answers', { title: 'Kind' }),
    bundle: file({ page: 'bundle', title: 'Bundle', description: 'The bundle file to install from.' }),
    trust: Type.Array(file({ title: 'Key', description: 'A public key of the vendor.' }), {
      page: 'bundle',
      title: 'Trusted keys',
      description: 'Public keys (PEM files) that may have signed the bundle.',
      minItems: 1,
      maxItems: 20,
    }),
    license: file({ page: 'license', title: 'License', description: 'The license file.' }),
    mode: choice(
      {
        airgapped: 'air-gapped: no way out at all',
        restricted: 'restricted: only what an allowlist names',
        connected: 'connected: freely',
      },
      {
        page: 'mode',
        title: 'Mode',
        description: 'How the site reaches the outside: not at all, an allowlist, or freely.',
        default: 'airgapped',
      },
    ),
    kubeconfig: Type.Optional(
      file({
        page: 'cluster',
        title: 'Kubeconfig',
        description: 'How to reach the cluster; without it $KUBECONFIG or ~/.kube/config.',
      }),
    ),
    context: Type.Optional(
      Type.String({
        page: 'cluster',
        title: 'Context',
        description: 'Context of the kubeconfig; without it the current one.',
        minLength: 1,
        maxLength: 1024,
      }),
    ),
    namespace: Type.Optional(
      text('namespace', {
        page: 'cluster',
        title: 'Namespace',
        description: 'Namespace to install into; it is created where it is missing.',
        default: 'cde',
      }),
    ),
    registry: group(
      { page: 'registry', title: 'Registry', description: 'From where the nodes pull the images.' },
      {
        kind: choice(
          {
            serve: 'serve: sealift serve answers there, straight from the bundle',
            existing: 'existing: a registry that has the images already',
            seed: 'seed: a registry to put them into now',
          },
          { title: 'Kind of registry', description: 'What answers at the address.', default: 'serve' },
        ),
        address: text('registry', {
          title: 'Address',
          description: 'host[:port][/path] of the registry, as the nodes reach it.',
        }),
        plainHttp: Type.Optional(
          Type.Boolean({ title: 'Plain HTTP', description: 'Talk to it without TLS.', default: false }),
        ),
        caFile: Type.Optional(
          file({ title: 'CA', description: "The CA (PEM) that signed the registry's certificate." }),
        ),
        username: Type.Optional(
          Type.String({
            title: 'User',
            description: 'User that may pull (and push, to seed), where the registry wants one.',
            minLength: 1,
            maxLength: 255,
          }),
        ),
        passwordFile: Type.Optional(
          secretFile({ title: 'Password', description: 'File that holds the password of that user.' }),
        ),
      },
    ),
    host: text('host', {
      page: 'names',
      title: 'Host name',
      description: 'Name by which browsers reach the platform, such as cde.site.example.',
    }),
    devUrlsHost: Type.Optional(
      text('domain', {
        page: 'names',
        title: 'Host name of dev URLs',
        description:
          'Ports and editors of workspaces are reached at names below it, such as 8000-box-ann.dev.site.example for dev.site.example. DNS leads *.<name> to the platform.',
      }),
    ),
    editorsHost: Type.Optional(
      text('domain', {
        page: 'names',
        title: 'Host name of editors',
        description:
          'Where a wildcard name cannot be had: all editors are at this one second name. With a host name of dev URLs editors have names below that; with neither there are none.',
      }),
    ),
    tls: Type.Optional(
      group(
        {
          page: 'names',
          title: 'Own certificate',
          description: 'Bring a certificate; without it one is made, with a CA of its own that browsers have to trust.',
        },
        {
          certFile: file({
            title: 'Certificate',
            description:
              'Certificate for the host name (and *.<host name of dev URLs>, or the host name of editors) with its chain (PEM).',
          }),
          keyFile: secretFile({ title: 'Key', description: 'Its private key (PEM file without a passphrase).' }),
          caFile: Type.Optional(
            file({ title: 'CA', description: 'The CA that signed it (PEM), where systems do not know it.' }),
          ),
        },
      ),
    ),
    serviceType: Type.Optional(
      choice(
        {
          LoadBalancer: 'LoadBalancer: the cluster gives it an address',
          NodePort: 'NodePort: at a port of the nodes',
          ClusterIP: "ClusterIP: the site's own ingress leads to it",
        },
        {
          page: 'names',
          title: 'Service type',
          description: 'How the cluster publishes the ingress.',
          default: 'LoadBalancer',
        },
      ),
    ),
    storageClass: Type.Optional(
      Type.String({
        page: 'data',
        title: 'Storage class',
        description: 'For volumes; without it the default class.',
        minLength: 1,
        maxLength: 253,
      }),
    ),
    replicas: Type.Optional(
      group(
        { page: 'sizes', title: 'Replicas', description: 'How many pods each part runs in; otherwise one.' },
        { manager: replicas('manager'), envproxy: replicas('envproxy'), dashboard: replicas('dashboard') },
      ),
    ),
    values: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        page: 'sizes',
        title: 'Chart values',
        description: 'More values for the chart. What another answer decides cannot be set here.',
      }),
    ),
    ignore: Type.Optional(
      Type.Array(
        Type.String({
          title: 'Check',
          description: 'Id of a check, as a report shows it.',
          minLength: 1,
          maxLength: 64,
        }),
        {
          title: 'Checks to ignore',
          description:
            'Install although these checks fail, knowingly: the receipt names them. Those that protect others can not be ignored.',
          maxItems: 100,
        },
      ),
    ),
  },
  { title: 'Answers', additionalProperties: false },
)
export type Answers = Type.Static<typeof Answers>

/** Answers whose optional fields with a default have it, and whose paths are absolute. */
export type CompleteAnswers = Answers & Required<Pick<Answers, 'namespace' | 'serviceType'>>
