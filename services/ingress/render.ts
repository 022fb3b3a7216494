import { serverName } from './host.ts'
import type { Model, Route, Server, Stream, Upstream } from './model.ts'
import { type Places, preamble } from './preamble.ts'

/**
 * NGINX's configuration for a model, as text. Pure: the same model gives the same bytes, so an unchanged text means
 * that nothing needs a reload.
 */
export function render(model: Model, places: Places): string {
  const empty = new Set(model.upstreams.filter(({ endpoints }) => endpoints.length === 0).map(({ name }) => name))
  const catchAll = model.servers.find(({ host }) => host === '') ?? { host: '', routes: [], tls: undefined }
  const named = model.servers.filter(({ host }) => host !== '')
  const context = { places, empty, farewell: farewell(places) }
  const streams = model.streams.filter(({ upstream: { endpoints } }) => endpoints.length > 0)
  // A module is loaded before anything else is said.
  const load = streams.length > 0 ? `load_module ${quote(places.streamModule)};\n` : ''
  return `${load}${preamble(places)}
${model.upstreams
  .filter(({ endpoints }) => endpoints.length > 0)
  .map(upstream)
  .join('')}
${defaultServers(catchAll, context)}
${named.map((server) => hostServers(server, context)).join('\n')}
}
${streams.length > 0 ? streamBlock(streams, places) : ''}`
}

/** Connections that are passed on as they are; one that is open stays so while nothing is said for four hours. */
function streamBlock(streams: Stream[], { streamAddresses, streamConnectionsPerClient }: Places): string {
  const blocks = streams.map(
    ({ listen: port, upstream: target, proxyProtocol }) => `${upstream(target)}  server {
${listen(streamAddresses.map((address) => `${address}:${port}`))}
    proxy_pass ${quote(target.name)};
${proxyProtocol ? '    proxy_protocol on;\n' : ''}  }
`,
  )
  return `stream {
  # One client is an IPv4 address or a /64 of IPv6, both in bytes.
  map $binary_remote_addr $client_network { default $binary_remote_addr; "~^(?s)(?<network>.{8}).{8}\\z" $network; }
  limit_conn_zone $client_network zone=clients:10m;
  limit_conn clients ${streamConnectionsPerClient};
  limit_conn_log_level warn;
  tcp_nodelay on;
  proxy_connect_timeout 3s;
  proxy_timeout 4h;
${blocks.join('')}}
`
}

interface Context {
  places: Places
  /** upstreams without an endpoint */
  empty: Set<string>
  /** lines of each server */
  farewell: string
}

/** A quoted word. Everything that gets here passed a strict check; a character that could end the word is a defect. */
function quote(word: string): string {
  if (/["\\$\x00-\x1f\x7f]/.test(word)) throw new Error('unchecked word in the configuration')
  return `"${word}"`
}

function upstream({ name, endpoints }: Upstream): string {
  // A pod that failed is left out for 5 seconds only when another can take its place.
  const servers = endpoints.map((endpoint) => `    server ${endpoint} max_fails=2 fail_timeout=5s;\n`).join('')
  return `  upstream ${quote(name)} {\n    zone ${quote(name)} 256k;\n${servers}  }\n`
}

/** What each server says when it leaves. Beside NGINX's own `Connection: keep-alive`: a list may come in parts (RFC 9110, 5.3). */
function farewell({ farewellFile, revision }: Places): string {
  const lines = [farewellFile, `${farewellFile}-${revision}`].map(
    (file) => `    if (-f ${quote(file)}) { set $farewell close; }\n`,
  )
  return `    set $farewell '';\n${lines.join('')}    add_header Connection $connection_end always;\n`
}

function defaultServers(server: Server, context: Context): string {
  const { http, https, tlsFolder, defaultCertificate } = context.places
  const certificate = server.tls?.file ? `${tlsFolder}/${server.tls.file}` : defaultCertificate
  const plain = server.tls ? redirect : locations(server.routes, context)
  return `  server {
${listen(http, 'default_server')}
    server_name _;
${context.farewell}${plain}  }
  server {
${listen(https, 'ssl default_server')}
    server_name _;
${context.farewell}${certificateLines(certificate)}${locations(server.routes, context)}  }`
}

function hostServers(server: Server, context: Context): string {
  const { http, https, tlsFolder, defaultCertificate } = context.places
  const name = serverName(server.host)
  if (!server.tls) {
    return `  server {
${listen(http)}
    server_name ${name};
${context.farewell}${locations(server.routes, context)}  }`
  }
  const certificate = server.tls.file ? `${tlsFolder}/${server.tls.file}` : defaultCertificate
  // Without the real certificate a browser must not be told to insist on it for a year.
  const strict = server.tls.file ? '    add_header Strict-Transport-Security "max-age=31536000" always;\n' : ''
  return `  server {
${listen(http)}
    server_name ${name};
${context.farewell}${redirect}  }
  server {
${listen(https, 'ssl')}
    server_name ${name};
${context.farewell}${certificateLines(certificate)}${strict}${locations(server.routes, context)}  }`
}

const redirect = '    location / { return 308 https://$host$request_uri; }\n'

function listen(addresses: string[], flags = ''): string {
  return addresses.map((address) => `    listen ${address}${flags && ` ${flags}`};`).join('\n')
}

function certificateLines(file: string): string {
  return `    ssl_certificate ${quote(file)};\n    ssl_certificate_key ${quote(file)};\n`
}

/**
 * Locations by NGINX's own order: `=` first, then the longest prefix. A Prefix path goes by elements, so `/a` becomes
 * `= /a` and `/a/`; `/ab` is neither. No location ends in a slash without one for the path before it: NGINX would
 * redirect that path by itself (ngx_http_core_module, location), which an Ingress never asks for.
 */
function locations(routes: Route[], context: Context): string {
  const prefixes = routes.filter(({ match }) => match === 'prefix')
  const found = new Map<string, string>()
  for (const { path, match, upstream: target } of routes) {
    if (match === 'exact') found.set(`= ${quote(path)}`, target)
  }
  for (const { path, upstream: target } of prefixes) {
    const own = `= ${quote(path)}`
    if (path !== '/' && !found.has(own)) found.set(own, target)
    found.set(quote(path === '/' ? '/' : `${path}/`), target)
  }
  for (const { path, match } of routes) {
    const own = `= ${quote(path.slice(0, -1))}`
    if (match === 'exact' && path.length > 1 && path.endsWith('/') && !found.has(own)) {
      found.set(own, longestPrefix(prefixes, path)?.upstream ?? '')
    }
  }
  if (!found.has('"/"')) found.set('"/"', '')
  return [...found].map(([location, target]) => `    location ${location} { ${action(target, context)} }\n`).join('')
}

/** The Prefix route that a path falls to when it has none of its own. */
function longestPrefix(prefixes: Route[], path: string): Route | undefined {
  const above = prefixes.filter((each) => each.path === '/' || path.startsWith(`${each.path}/`))
  return above.sort((a, b) => b.path.length - a.path.length)[0]
}

function action(target: string, { empty }: Context): string {
  if (target === '') return 'return 404 "Nothing is served here.\\n";'
  if (empty.has(target)) return 'return 503 "The service has no running pod; try again.\\n";'
  return `proxy_pass ${quote(`http://${target}`)};`
}
