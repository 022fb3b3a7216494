import { unspecified } from '../systemd-words.ts'

/** What runs containers on nodes, and how it takes a proxy: a drop-in of systemd, or a file of variables. */
const runtimes = {
  containerd: { file: '/etc/systemd/system/containerd.service.d/sealift-proxy.conf', restart: 'containerd' },
  crio: { file: '/etc/systemd/system/crio.service.d/sealift-proxy.conf', restart: 'crio' },
  // docs.k3s.io and docs.rke2.io, "Configuring an HTTP proxy": so prefixed, they count for images and not for the cluster itself
  k3s: { file: '/etc/systemd/system/k3s.service.env', restart: 'k3s', prefix: 'CONTAINERD_' },
  'k3s-agent': { file: '/etc/systemd/system/k3s-agent.service.env', restart: 'k3s-agent', prefix: 'CONTAINERD_' },
  'rke2-server': { file: '/etc/default/rke2-server', restart: 'rke2-server', prefix: 'CONTAINERD_' },
  'rke2-agent': { file: '/etc/default/rke2-agent', restart: 'rke2-agent', prefix: 'CONTAINERD_' },
} as const satisfies Record<string, { file: string; restart: string; prefix?: string }>

export type Runtime = keyof typeof runtimes
export const runtimeNames = Object.keys(runtimes) as Runtime[]

/** file of a node with the two URLs where they carry a login, which a drop-in would show to everybody */
const secretFile = '/etc/sealift/proxy.env'

export interface NodeProxy {
  http?: string | undefined
  https?: string | undefined
  exempt: readonly string[]
  /** the proxy wants a login: it is named, and never written */
  login: boolean
}

/** What a node's container runtime needs to pull images through a proxy, with where it goes and what to do then. */
export function nodeProxy(runtime: Runtime, { http, https, exempt, login }: NodeProxy): string {
  const { file, restart, ...more } = runtimes[runtime]
  const prefix = 'prefix' in more ? more.prefix : undefined
  const urls = Object.entries({ HTTP_PROXY: http, HTTPS_PROXY: https }).flatMap(([name, url]) =>
    url === undefined ? [] : [`${prefix ?? ''}${name}=${login ? url.replace('://', '://USER:PASSWORD@') : url}`],
  )
  const except = `${prefix ?? ''}NO_PROXY=${exempt.join(',')}`
  const then =
    prefix === undefined ? `systemctl daemon-reload && systemctl restart ${restart}` : `systemctl restart ${restart}`
  const head = [
    `# The proxy for images that ${runtime} pulls. On each node:`,
    prefix === undefined ? `#   ${file}` : `#   add these lines to ${file}, chmod 600`,
    `# then: ${then}   (pods go on running)`,
  ]
  if (prefix !== undefined) return lines(...head, ...(login ? [`# ${percent}`] : []), ...urls, except)
  if (!login) return lines(...head, '[Service]', ...[...urls, except].map(environment))
  return lines(
    ...head,
    `# The proxy wants a login, and everybody can read this file. So put into ${secretFile} (chmod 600):`,
    ...urls.map((url) => `#   ${url}`),
    `# ${percent}`,
    '[Service]',
    `EnvironmentFile=${secretFile}`,
    environment(except),
  )
}

const percent = 'In USER and PASSWORD write what is no letter or digit as %XX: : is %3A, @ is %40, / is %2F, % is %25'
const environment = (variable: string): string => `Environment="${unspecified(variable)}"`
const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join('')
