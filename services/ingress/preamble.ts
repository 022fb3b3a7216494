/**
 * How long clients are told to keep a connection that is idle, in seconds (`Keep-Alive: timeout`). Those that listen to it
 * close it a second or two before; NGINX itself waits longer for those that don't.
 */
export const idleSeconds = 3

/** Where NGINX listens, reads and writes. All of it is ours, nothing comes from an object. */
export interface Places {
  /** `address:port` each, for `listen` */
  http: string[]
  https: string[]
  /** addresses of `streams`; their ports come with the model */
  streamAddresses: string[]
  /** most connections that one client (an IPv4 address, an IPv6 /64) has open at them */
  streamConnectionsPerClient: number
  /** file of NGINX's stream module, loaded only where there are streams */
  streamModule: string
  /** socket on which the controller asks for the running configuration and connection counts */
  statusSocket: string
  pidFile: string
  /** folder of certificate files, and the file that serves where there is no better one */
  tlsFolder: string
  defaultCertificate: string
  /** writable folder for request bodies that spill */
  temporary: string
  /** file for access lines, or undefined for none */
  accessLog: string | undefined
  /** what `/configuration` answers: tells the controller which configuration runs */
  revision: string
  /**
   * while this file is there the pod leaves; with a hyphen and the revision behind it, the workers of that configuration do.
   * Clients are asked to come back over another connection then, before NGINX closes those that are idle.
   */
  farewellFile: string
  workers: number
  /** how long connections of an old configuration may live on, in seconds */
  shutdownSeconds: number
}

/**
 * Everything before the upstreams and servers; the http block is left open. The limit of open
 * files is inherited: Node raises its own to what the container allows.
 */
export function preamble(places: Places): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${places.temporary}/${kind};`)
    .join('\n')
  return `daemon off;
master_process on;
pid ${places.pidFile};
error_log stderr warn;
worker_processes ${places.workers};
worker_shutdown_timeout ${places.shutdownSeconds}s;
events { worker_connections 16384; }
http {
${temporary}
  default_type text/plain;
  server_tokens off;
  merge_slashes off;
  absolute_redirect off;
  tcp_nodelay on;
  reset_timedout_connection on;
  # $uri, never the query: queries carry tokens.
  log_format line escape=json '{"time":"$time_iso8601","msg":"request","method":"$request_method","host":"$host","path":"$uri",'
    '"status":"$status","bytes":"$bytes_sent","seconds":"$request_time","upstream":"$upstream_addr","client":"$remote_addr",'
    '"id":"$request_id"}';
  access_log ${places.accessLog ? `${places.accessLog} line` : 'off'};
  server_names_hash_bucket_size 512;
  server_names_hash_max_size 8192;
  client_header_timeout 15s;
  client_body_timeout 60s;
  client_header_buffer_size 4k;
  large_client_header_buffers 8 32k;
  client_max_body_size 0;
  keepalive_timeout 75s ${idleSeconds}s;
  proxy_http_version 1.1;
  proxy_buffering off;
  proxy_request_buffering off;
  proxy_buffer_size 32k;
  proxy_buffers 8 32k;
  proxy_connect_timeout 3s;
  proxy_read_timeout 4h;
  proxy_send_timeout 4h;
  # A request that may have had an effect is never sent twice; one that reached nobody is.
  proxy_next_upstream error timeout;
  proxy_next_upstream_tries 3;
  proxy_redirect off;
  # No connection to a pod is used twice: what one answer leaves behind can't reach another request.
  # Only WebSockets are upgraded: another protocol (h2c) could carry requests that were never looked at.
  map $http_upgrade $upstream_upgrade { default ''; '~*^websocket$' websocket; }
  map $upstream_upgrade $upstream_connection { default upgrade; '' close; }
  # What leaves says so in each answer but the one that begins a WebSocket, see farewellFile.
  map $farewell$upstream_upgrade $connection_end { default ''; close close; }
  # $host is what the server was chosen by; the port of the Host header is added for checks of Origin.
  map $http_host $host_port { default ''; '~(?<port_text>:[0-9]+)$' $port_text; }
  proxy_set_header Host $host$host_port;
  proxy_set_header Upgrade $upstream_upgrade;
  proxy_set_header Connection $upstream_connection;
  proxy_set_header X-Request-Id $request_id;
  proxy_set_header X-Real-Ip $remote_addr;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Host $host$host_port;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header Forwarded '';
  proxy_set_header Proxy '';
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
  ssl_prefer_server_ciphers off;
  ssl_session_cache shared:tls:4m;
  ssl_session_timeout 1h;
  ssl_session_tickets off;
  server {
    listen unix:${places.statusSocket};
    access_log off;
    location = /configuration { return 200 "${places.revision}"; }
    location = /connections { stub_status; }
    location / { return 404; }
  }
`
}
