import * as Type from 'typebox'
import { choice, file, group, secretFile, text, words } from './field-kinds.ts'
import { mostPeople } from './sizes.ts'

const replicas = (of: string) =>
  Type.Optional(
    Type.Integer({
      title: `Replicas of the ${of}`,
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
    bundle: Type.Optional(
      file({ page: 'bundle', title: 'Bundle', description: 'The bundle file to install from.', orElse: 'release' }),
    ),
    release: Type.Optional(
      text('release', {
        page: 'bundle',
        title: 'Release',
        description:
          'Instead of a bundle file: the name of a release in a registry, as in registry.vendor.example/cde/release:0.1.0.',
      }),
    ),
    releaseCaFile: Type.Optional(
      file({
        page: 'bundle',
        title: 'CA of its registry',
        description:
          "The CA (PEM) that signed the certificate of the release's registry, where this machine does not know it.",
      }),
    ),
    trust: Type.Array(file({ title: 'Key', description: 'A public key of the vendor.' }), {
      page: 'bundle',
      title: 'Trusted keys',
      description: 'Public keys (PEM files) that may have signed the bundle or release.',
      minItems: 1,
      maxItems: 20,
    }),
    license: file({ page: 'license', title: 'License', description: 'The license file.' }),
    mode: choice(
      {
        airgapped: 'airgapped: not at all',
        restricted: 'restricted: only to what an allowlist names',
        connected: 'connected: freely',
      },
      {
        page: 'mode',
        title: 'Mode',
        description: 'How the site reaches the outside.',
        default: 'airgapped',
      },
    ),
    proxy: Type.Optional(
      group(
        {
          page: 'mode',
          title: 'Forward proxy',
          description: 'The platform and workspaces reach the outside through a proxy.',
        },
        {
          http: Type.Optional(
            text('proxy', {
              title: 'For http',
              description: 'URL of the proxy for http, as in http://proxy.site.example:3128.',
            }),
          ),
          https: Type.Optional(
            text('proxy', { title: 'For https', description: 'URL of the proxy for https, most often the same.' }),
          ),
          loginFile: Type.Optional(
            secretFile({
              title: 'Login',
              description:
                'File with one line user:password, where the proxy wants a login. Everybody in a workspace can read it there: take one that is for nothing else.',
            }),
          ),
          caFile: Type.Optional(
            file({
              title: 'CA',
              description:
                'The CA (PEM) of a proxy that opens TLS, or of its own certificate; the platform and workspaces trust it.',
            }),
          ),
          exempt: Type.Optional(
            Type.Array(
              text('exempt', { title: 'Exempt', description: 'A host name, an address, or .domain for all below.' }),
              {
                title: 'Reached without it',
                description:
                  "Host names, addresses and .domains that are reached without it, beside the cluster's own names and this site.",
                maxItems: 256,
              },
            ),
          ),
        },
      ),
    ),
    outside: Type.Optional(
      Type.Array(
        text('address', { title: 'Address', description: 'A URL or HOST:PORT, as in https://git.vendor.example.' }),
        {
          page: 'mode',
          title: 'What people need outside',
          description:
            'Addresses beside those of the release that people here use from their workspaces, such as git hosts and package registries. They come into the allowlist.',
          maxItems: 256,
        },
      ),
    ),
    kubeconfig: Type.Optional(
      file({
        page: 'cluster',
        title: 'Kubeconfig',
        description: 'How to reach the cluster; without it $KUBECONFIG or ~/.kube/config.',
      }),
    ),
    context: Type.Optional(
      words(
        {
          page: 'cluster',
          title: 'Context',
          description: 'Context of the kubeconfig; without it the current one.',
        },
        1024,
      ),
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
          words(
            {
              title: 'User',
              description: 'User that may pull (and push, to seed), where the registry wants one.',
            },
            255,
          ),
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
      words(
        {
          page: 'data',
          title: 'Storage class',
          description: 'For volumes; without it the default class.',
        },
        253,
      ),
    ),
    database: Type.Optional(
      group(
        {
          page: 'data',
          title: 'Database of the site',
          description: 'Use a PostgreSQL that the site has; without it the platform runs one of its own.',
        },
        {
          host: text('server', {
            title: 'Host',
            description: 'Host name or address of the PostgreSQL, as pods reach it.',
          }),
          port: Type.Optional(
            Type.Integer({ title: 'Port', description: 'Its port.', minimum: 1, maximum: 65535, default: 5432 }),
          ),
          user: Type.Optional(
            words({ title: 'User', description: 'User that owns the database.', default: 'cde' }, 63),
          ),
          database: Type.Optional(
            words(
              { title: 'Database', description: 'An empty database, or the one of this platform.', default: 'cde' },
              63,
            ),
          ),
          passwordFile: secretFile({ title: 'Password', description: 'File that holds the password of that user.' }),
          sslMode: Type.Optional(
            choice(
              {
                'verify-full': "verify-full: TLS, and the server's certificate names the host",
                disable: 'disable: no TLS, the password and all data can be read on the way',
              },
              { title: 'TLS', description: 'How the connection is protected.', default: 'verify-full' },
            ),
          ),
          caFile: Type.Optional(
            file({
              title: 'CA',
              description:
                "The CA (PEM) that signed the server's certificate; without it the CA of an own certificate, or public ones.",
            }),
          ),
        },
      ),
    ),
    people: Type.Optional(
      Type.Integer({
        page: 'sizes',
        title: 'People',
        description:
          'How many people are expected; how many pods each part runs in follows from it. Without it each runs in one.',
        minimum: 1,
        maximum: mostPeople,
      }),
    ),
    replicas: Type.Optional(
      group(
        {
          page: 'sizes',
          title: 'Replicas',
          description: 'Other numbers of pods than those that follow from the people.',
        },
        {
          manager: replicas('manager'),
          envproxy: replicas('envproxy'),
          dashboard: replicas('dashboard'),
          ingress: replicas('ingress'),
        },
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
      Type.Array(text('check', { title: 'Check', description: 'Id of a check, as a report shows it.' }), {
        title: 'Checks to ignore',
        description:
          'Install although these checks fail, knowingly: the receipt names them. Those that protect others can not be ignored.',
        maxItems: 100,
      }),
    ),
  },
  { title: 'Answers', additionalProperties: false },
)
export type Answers = Type.Static<typeof Answers>

/** Answers whose optional fields with a default have it, and whose paths are absolute. */
export type CompleteAnswers = Answers & Required<Pick<Answers, 'namespace' | 'serviceType'>>
