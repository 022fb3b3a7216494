import Type from 'typebox'
import { Match } from './host-pattern.ts'
import { Name, Sentence, Version } from './texts.ts'

/** most entries of one list, and of those that a release declares: it is one document of at most 4 MiB (limits.ts) */
export const mostEndpoints = 10_000
export const mostDeclared = 2000

const oneOf = <const T extends string>(...values: T[]) => Type.Enum(values)

/** Stable over releases: who has opened a firewall for an entry finds it again by this. */
export const EndpointId = Type.String({ pattern: '^[a-z0-9]([a-z0-9.-]{0,125}[a-z0-9])?$' })

/** What is spoken there: decides what a check can try, and what a proxy can see. */
export const Scheme = oneOf('https', 'http', 'ssh', 'postgresql', 'smtp', 'smtps', 'ldap', 'ldaps', 'tcp', 'udp')

/** Who opens the connection. `desktops` are people's own programs (ssh, editors), `browsers` what shows the platform's pages. */
export const From = oneOf('bastion', 'nodes', 'pods', 'workspaces', 'browsers', 'desktops')

export const Phase = oneOf('build', 'install', 'run', 'upgrade')

/** A list's version as Microsoft 365 counts: the day, and which of that day. */
export const ListVersion = Type.String({ pattern: '^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{2}$' })

/** What an endpoint is for; the same of one that is declared and of one that is found. */
export const purpose = {
  from: Type.Array(From, { minItems: 1, maxItems: 6 }),
  phases: Type.Array(Phase, { minItems: 1, maxItems: 4 }),
  modes: Type.Array(oneOf('connected', 'restricted'), { minItems: 1, maxItems: 2 }),
  required: Type.Boolean(),
  why: Sentence,
  without: Type.Intersect([Sentence], { description: 'what is lost without it' }),
  since: Version,
}

/** Whether the site has it itself: reached without the proxy, and no matter of the firewall to the internet. */
export const Location = oneOf('outside', 'site')

/** Where a vendor documents it: a wildcard outside of the site has this. */
const Documented = Type.String({ pattern: '^https://[!-~]{1,1000}$' })

/** RFC 3986, 3.3 */
export const pathPattern = '^/[!$&-;=@-Z_a-z~%]{0,1000}$'

/** One entry: hosts, a port, and why somebody has to open it. */
export const Endpoint = Type.Object(
  {
    id: EndpointId,
    scheme: Scheme,
    host: Type.String({ description: 'as canonicalHost gives it (host-pattern.ts)' }),
    match: Match,
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
    path: Type.Optional(Type.String({ pattern: pathPattern, description: 'what its requests begin with' })),
    at: Location,
    ...purpose,
    because: Type.Object(
      {
        kind: oneOf('image', 'chart', 'release', 'value', 'answer', 'feature'),
        name: Type.String({ maxLength: 1024 }),
      },
      { additionalProperties: false, description: 'what of the release or the site asks for it' },
    ),
    known: Type.Object(
      {
        how: oneOf('declared', 'derived', 'observed'),
        on: Type.Optional(Type.String({ format: 'date', description: 'the day on which it was observed' })),
        after: Type.Optional(
          Type.String({ maxLength: 300, description: 'host that led there: by a redirect, or for a token' }),
        ),
      },
      { additionalProperties: false },
    ),
    documented: Type.Optional(Documented),
    addresses: Type.Optional(
      Type.Array(
        Type.Object(
          {
            address: Type.String({ description: 'IPv4 or IPv6' }),
            ttl: Type.Integer({ minimum: 0, description: 'seconds for which the answer holds' }),
          },
          { additionalProperties: false },
        ),
      ),
    ),
    network: Type.Optional(
      Type.String({
        description:
          'name of the content delivery network that the addresses are of: they change, and others have them too',
      }),
    ),
  },
  { additionalProperties: false },
)

/** What changed from one version of a list to the next. */
export const Change = Type.Object(
  {
    version: ListVersion,
    change: oneOf('added', 'changed', 'removed'),
    id: EndpointId,
    host: Type.String({ description: 'pattern, scheme and port as shown: https://*.example.com:443' }),
    was: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

/** What has to be open so that a release can be installed and used. SPEC.md, "Allowlist". */
export const Allowlist = Type.Object(
  {
    apiVersion: Type.Literal('sealift.dev/v1'),
    kind: Type.Literal('Allowlist'),
    release: Type.Object({ name: Name, version: Version }, { additionalProperties: false }),
    version: ListVersion,
    resolved: Type.Optional(Type.String({ format: 'date-time', description: 'when addresses were looked up' })),
    endpoints: Type.Array(Endpoint, { maxItems: mostEndpoints }),
    open: Type.Optional(
      Type.Array(
        Type.Object({ id: EndpointId, value: Type.String(), why: Sentence }, { additionalProperties: false }),
        { description: 'what only a site can say: entries that come with these values' },
      ),
    ),
    changes: Type.Array(Change, { maxItems: mostDeclared }),
  },
  { additionalProperties: false },
)

const path = Type.String({
  pattern: '^[A-Za-z_][A-Za-z0-9_-]*(\\.[A-Za-z_][A-Za-z0-9_-]*)*$',
  maxLength: 300,
  description: 'of a value of the chart, as in oidc.issuer',
})

/**
 * An endpoint that a vendor declares: an address, or the value of the chart by which a site says it. What such a value holds
 * is a URL, a host or HOST:PORT, or a list of them.
 */
export const Declaration = Type.Object(
  {
    id: EndpointId,
    url: Type.Optional(
      Type.String({
        maxLength: 2048,
        description: 'scheme://HOST[:PORT][/PATH]; as in https://*.example.com (host-pattern.ts)',
      }),
    ),
    value: Type.Optional(path),
    scheme: Type.Optional(Scheme),
    portValue: Type.Optional(path),
    match: Type.Optional(Match),
    when: Type.Optional(
      Type.Object(
        { value: path, is: Type.Union([Type.String(), Type.Boolean(), Type.Number()]) },
        { additionalProperties: false, description: 'counts only where another value is this' },
      ),
    ),
    at: Type.Optional(Location),
    feature: Type.Optional(Type.String({ maxLength: 100, description: 'what of the product asks for it' })),
    ...purpose,
    modes: Type.Optional(purpose.modes),
    documented: Type.Optional(Documented),
  },
  { additionalProperties: false },
)

/**
 * What a release says of its allowlist. A site's own list is made of what is `declared`, of the release's images and of the
 * site's values; `endpoints` are those of the vendor's own list, without the declared ones: what was observed, and since which
 * version each is there.
 */
export const SealedAllowlist = Type.Object(
  {
    version: ListVersion,
    declared: Type.Array(Declaration, { maxItems: mostDeclared }),
    endpoints: Type.Array(Endpoint, { maxItems: mostDeclared }),
    changes: Type.Array(Change, { maxItems: mostDeclared }),
  },
  { additionalProperties: false },
)

export type Endpoint = Type.Static<typeof Endpoint>
export type From = Type.Static<typeof From>
export type Phase = Type.Static<typeof Phase>
export type Change = Type.Static<typeof Change>
export type Allowlist = Type.Static<typeof Allowlist>
export type Declaration = Type.Static<typeof Declaration>
export type SealedAllowlist = Type.Static<typeof SealedAllowlist>
