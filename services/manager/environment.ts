import { variablesOf } from '../environment.ts'
import { readTrusted, type Trusted } from '../trusted-proxies.ts'
import { checkWorkspaceHosts } from './dev-urls/address.ts'
import type { OidcSettings } from './oidc/provider.ts'
import { type Running, runningAs } from './running.ts'
import { fairShare } from './turns.ts'
import { type Placement, readPlacement } from './workspaces/placement.ts'
import { releaseOrder } from './workspaces/release-order.ts'

/** What the manager is told by its environment. Secrets come as files, so that no process listing shows them. */
export type Environment = {
  port: number
  host: string
  logLevel: string
  /** order of the installed release (workspaces/release-order.ts) */ release: number
  /** where Kubernetes reads why the container ended */ terminationLog: string | undefined
  database: {
    host: string
    port: number
    user: string
    database: string
    /** asked for with each connection: who owns the database may change it */ password: string | (() => string)
    ca: string | undefined
  }
  adminPasswordFile: string | undefined
  ticketKey: string
  /** whose X-Forwarded-For is believed, see trusted-proxies.ts */ trustedProxies: Trusted
  /** shared with the envproxy */ internalKey: string | undefined
  licenseKeys: string[]
  licenseFile: string | undefined
  /** the mode that is stated, and from where images come */ running: Running
  accessUrl: string
  /** of one user, begun in a second on average */ requestsPerSecond: number
  /** host below which dev URLs are */ devUrlsHost: string | undefined
  /** host of editors, where those have no names of their own */ editorsHost: string | undefined
  envproxyUrl: string
  oidc: OidcSettings | undefined
  workspace: WorkspaceDefaults
}

/** Site-wide settings of workspaces. Empty strings in the environment mean "not set". */
export type WorkspaceDefaults = Partial<Placement> & {
  namespace: string
  /** reference by digest */ image: string
  pullSecrets: string[]
  storageClass: string | undefined
  caConfigMap: string | undefined
  /** public keys that check tickets, as a JSON Web Key Set */ ticketKeys?: string
  /** URL of the Open VSX server that has extensions for editors */ gallery?: string | undefined
  /** secret with the login to the proxy, below `login` */ proxyLoginSecret?: string | undefined
  /** the site's forward proxy, and whom to reach without it */ proxy?: Partial<Record<ProxyVariable, string>>
}

export const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const
export type ProxyVariable = (typeof proxyVariables)[number]

/**
 * Reads and checks the environment before anything starts.
 * @throws Error that names the variable at fault
 */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const { optional, optionalUrl, required, file, optionalFile, number, port, url, list, logLevel } = variablesOf(env)
  const readOidc = (): OidcSettings | undefined => {
    const issuer = optionalUrl('OIDC_ISSUER')
    if (issuer === undefined) return undefined
    if (new URL(issuer).protocol !== 'https:') throw new Error('OIDC_ISSUER is not an https URL')
    return { issuer, clientId: required('OIDC_CLIENT_ID'), clientSecret: file('OIDC_CLIENT_SECRET_FILE').trim() }
  }
  const readProxy = () => {
    const set = proxyVariables.flatMap((name) => {
      const value = optional(`WORKSPACE_${name}`)
      if (value !== undefined && name !== 'NO_PROXY' && !URL.canParse(value))
        throw new Error(`WORKSPACE_${name} is not a URL, such as http://proxy.example.com:3128`)
      return value === undefined ? [] : [[name, value]]
    })
    return Object.fromEntries(set) as Partial<Record<ProxyVariable, string>>
  }
  const password = () => file('PGPASSWORD_FILE').trim()
  password()
  const accessUrl = url('ACCESS_URL')
  const hosts = { accessUrl, devUrlsHost: optional('DEVURLS_HOST'), editorsHost: optional('EDITORS_HOST') }
  checkWorkspaceHosts(hosts)
  return {
    port: port('PORT', 8080),
    host: optional('HOST') ?? '::',
    logLevel: logLevel(),
    release: releaseOrder(optional('RELEASE_VERSION')),
    terminationLog: optional('TERMINATION_LOG'),
    database: {
      host: required('PGHOST'),
      port: port('PGPORT', 5432),
      user: required('PGUSER'),
      database: required('PGDATABASE'),
      password,
      ca: optionalFile('PGSSLROOTCERT'),
    },
    adminPasswordFile: optional('ADMIN_PASSWORD_FILE'),
    ticketKey: file('TICKET_KEY_FILE'),
    trustedProxies: readTrusted(optional('TRUSTED_PROXIES') ?? ''),
    internalKey: optionalFile('INTERNAL_KEY_FILE')?.trim(),
    licenseKeys: splitPem(file('LICENSE_KEYS_FILE')),
    licenseFile: optional('LICENSE_FILE'),
    running: runningAs(env),
    ...hosts,
    requestsPerSecond: number('REQUESTS_PER_SECOND', fairShare.perSecond, { least: 1 }),
    envproxyUrl: url('ENVPROXY_URL', 'http://cde-envproxy:8080'),
    oidc: readOidc(),
    workspace: {
      namespace: required('WORKSPACE_NAMESPACE'),
      image: required('WORKSPACE_IMAGE'),
      pullSecrets: list('WORKSPACE_PULL_SECRETS'),
      storageClass: optional('WORKSPACE_STORAGE_CLASS'),
      caConfigMap: optional('WORKSPACE_CA_CONFIGMAP'),
      gallery: optionalUrl('EDITORS_GALLERY'),
      proxyLoginSecret: optional('WORKSPACE_PROXY_LOGIN_SECRET'),
      proxy: readProxy(),
      ...readPlacement(env),
    },
  }
}

/** The PEM blocks of a file that holds several, one after the other. */
export function splitPem(text: string): string[] {
  return text.match(/-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g) ?? []
}
