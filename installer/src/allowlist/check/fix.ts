import type { Endpoint, From } from '@sealift/bundle-spec/allowlist.ts'
import { shellWord } from '../../shell-word.ts'
import type { ProxyPlace, Reason } from './trial.ts'

/** Places as the object of "from". */
const whence: Readonly<Record<From, string>> = {
  bastion: 'this machine',
  nodes: 'the nodes',
  pods: 'pods',
  workspaces: 'workspaces',
  browsers: 'browsers',
  desktops: 'desktops',
}

interface Tried {
  endpoint: Pick<Endpoint, 'host' | 'port' | 'scheme' | 'at'>
  place: From
  proxy?: ProxyPlace | undefined
}

interface Went {
  reason?: Reason | undefined
  issuer?: string | undefined
}

/** What helps against how an attempt went; empty where it was reached. */
export const fixFor = (attempt: Went, tried: Tried): string =>
  attempt.reason === undefined ? '' : fixes[attempt.reason](tried, attempt)

const wordOf = ({ host, port }: Tried['endpoint']): string =>
  shellWord(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
const shownOf = ({ host, port }: ProxyPlace): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
const openUp = ({ endpoint, place, proxy }: Tried): string =>
  proxy
    ? `let the proxy ${shownOf(proxy)} reach ${wordOf(endpoint)} in its own firewall`
    : `open ${wordOf(endpoint)} for ${whence[place]} in the firewall; then try there: nc -vz ${shellWord(endpoint.host)} ${endpoint.port}`
const look = ({ endpoint: { host, port } }: Tried): string =>
  `openssl s_client -connect ${shellWord(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)} -servername ${shellWord(host)} -showcerts`

const fixes: Readonly<Record<Reason, (tried: Tried, attempt: Went) => string>> = {
  'no-name': ({ endpoint: { host }, place, proxy }) =>
    proxy
      ? `let the name servers of the proxy know ${shellWord(host)}`
      : `let the name servers of ${whence[place]} know it: getent hosts ${shellWord(host)}; where only the proxy knows names of the outside: --proxy URL, or proxy in the answers`,
  'no-dns': ({ place }) =>
    `let ${whence[place]} reach their name servers (port 53, UDP and TCP): those of /etc/resolv.conf`,
  refused: (tried) => `${openUp(tried)}; a firewall that rejects looks the same as a server that is down`,
  silent: openUp,
  unreachable: openUp,
  cut: (tried) =>
    `let TLS to ${wordOf(tried.endpoint)} pass: firewalls that go by the name in it cut it so; see where: ${look(tried)}`,
  'other-protocol': (tried) =>
    `see what answers at ${wordOf(tried.endpoint)}: a login page of the network, or a port that leads elsewhere`,
  'proxy-denies': ({ endpoint, proxy }) =>
    `admit ${endpoint.scheme === 'http' ? '' : 'CONNECT '}${wordOf(endpoint)} at the proxy${proxy ? ` ${shownOf(proxy)}` : ''}: sealift allowlist generate --format squid writes its ACL`,
  'proxy-away': ({ place, proxy }) =>
    `see that the address of the proxy is right, and that ${whence[place]} reach it${proxy ? `: nc -vz ${shellWord(proxy.host)} ${proxy.port}` : ''}`,
  'proxy-fails': openUp,
  'no-login': () =>
    'name a file with one line user:password as --proxy-login-file, and as proxy.loginFile in the answers',
  'wrong-login': () => 'correct the line user:password in the file; of the ways to log in, Sealift knows Basic',
  'unknown-ca': ({ endpoint, place }, { issuer }) =>
    endpoint.at === 'site'
      ? `name the CA that signed it: --ca FILE${place === 'bastion' ? '' : ', and trust it there'}`
      : `let TLS to ${wordOf(endpoint)} pass unopened; or, if ${issuer ?? 'that'} is to open it: --ca FILE, and proxy.caFile in the answers for the platform`,
  'other-name': (tried) => `see what answers in its place: ${look(tried)}`,
  expired: (tried) =>
    `see whether the clock is right (timedatectl), else let the certificate be renewed: ${look(tried)}`,
  'block-page': ({ endpoint, proxy }) =>
    `admit http://${wordOf(endpoint)} at the proxy${proxy ? ` ${shownOf(proxy)}` : ''}, or see what the server has against it`,
}
