import { randomBytes, randomInt } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { run } from '../../lab/command.ts'
import { freePort, listening, startChild } from '../child.ts'
import { npmPeers, npmVersion } from '../npm.ts'
import { type StandInManager, workspace } from './stand-in-manager.ts'

/** A proxy that runs. */
export interface RunningProxy {
  name: string
  version: string
  host: string
  port: number
  /** all its processes */
  pids: number[]
  /** whether it is a Node process, which SIGUSR2 makes collect its garbage (settle.ts) */
  node: boolean
  stop: () => Promise<void>
}

export interface Backend {
  host: string
  port: number
  pid: number
  stop: () => Promise<void>
}

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const host = '127.0.0.1'
const settling = ['--expose-gc', '--import', file('./settle.ts')]

/** The workspace behind all proxies. Its port is the product's, so it takes an address of loopback that is free. */
export async function startBackend(scratch: string): Promise<Backend> {
  const host = `127.${randomInt(1, 255)}.${randomInt(255)}.${randomInt(1, 255)}`
  const port = 26_337
  const log = join(scratch, 'backend.log')
  const child = startChild([process.execPath, file('./backend.ts'), host, `${port}`], { log })
  await listening(child, log, port, host)
  return { host, port, pid: child.pid, stop: child.stop }
}

/** No proxy: what client and backend need by themselves. */
export const direct = ({ host, port, pid }: Backend): RunningProxy => ({
  name: 'no proxy',
  version: '',
  host,
  port,
  pids: [pid],
  node: false,
  stop: async () => {},
})

/**
 * services/envproxy/server.ts as it is. Its own view of /etc/hosts (a mount namespace) gives it the name of a workspace,
 * which it looks up as it would in a cluster.
 */
export async function startOurs(
  scratch: string,
  backend: Backend,
  manager: StandInManager,
  more: string[] = [],
): Promise<RunningProxy> {
  const [port, log] = [await freePort(), join(scratch, 'envproxy.log')]
  const [hosts, key] = [join(scratch, 'hosts'), join(scratch, 'internal.key')]
  await writeFile(hosts, `127.0.0.1 localhost\n${backend.host} ws-${workspace}.bench\n`)
  await writeFile(key, randomBytes(32).toString('base64url'))
  const node = [process.execPath, ...settling, ...more, file('../../../services/envproxy/server.ts')]
  const environment = {
    PORT: `${port}`,
    MANAGER_URL: manager.url,
    WORKSPACE_HOST_SUFFIX: '.bench',
    INTERNAL_KEY_FILE: key,
    DRAIN_SECONDS: '0',
    HOSTS: hosts,
  }
  const script = 'mount --bind "$HOSTS" /etc/hosts && exec setpriv --pdeathsig KILL "$@"'
  const child = startChild(['unshare', '--mount', 'sh', '-c', script, 'sh', ...node], { log, environment })
  await listening(child, log, port)
  const stop = async () => {
    // the second one does not wait for the cluster to notice
    child.process.kill('SIGINT')
    await child.stop()
  }
  return { name: 'envproxy', version: '', host, port, pids: [child.pid], node: true, stop }
}

/** Debian's nginx with one worker, as its documentation says for WebSocket, logging each connection as ours does. */
export async function startNginx(scratch: string, backend: Backend): Promise<RunningProxy> {
  const [port, directory] = [await freePort(), join(scratch, 'nginx')]
  const log = join(directory, 'error.log')
  await mkdir(directory, { recursive: true })
  const configuration = join(directory, 'nginx.conf')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${directory}/${n};`)
  await writeFile(
    configuration,
    `daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${directory}/pid;
error_log ${log};
events { worker_connections 10000; }
http {
  access_log ${directory}/access.log;
  ${paths.join(' ')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://${backend.host}:${backend.port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $host;
      proxy_read_timeout 3600s;
      proxy_send_timeout 3600s;
    }
  }
}
`,
  )
  const child = startChild(['nginx', '-c', configuration, '-e', log], {
    log: join(directory, 'output.log'),
    end: 'TERM',
  })
  await listening(child, log, port)
  const workers = await workersOf(child.pid)
  return {
    name: 'nginx',
    version: await nginxVersion(),
    host,
    port,
    pids: [child.pid, ...workers],
    node: false,
    stop: child.stop,
  }
}

/** configurable-http-proxy with one default target, logging errors only. */
export async function startChp(scratch: string, backend: Backend, log: (line: string) => void): Promise<RunningProxy> {
  const modules = await npmPeers(log)
  const [port, output] = [await freePort(), join(scratch, 'chp.log')]
  const script = join(modules, 'configurable-http-proxy/bin/configurable-http-proxy')
  const target = `http://${backend.host}:${backend.port}`
  const flags = ['--ip=127.0.0.1', `--port=${port}`, `--api-socket=${join(scratch, 'chp.sock')}`]
  const more = [`--default-target=${target}`, '--log-level=error']
  const child = startChild([process.execPath, ...settling, script, ...flags, ...more], { log: output })
  await listening(child, output, port)
  const version = await npmVersion(modules, 'configurable-http-proxy')
  return { name: 'configurable-http-proxy', version, host, port, pids: [child.pid], node: true, stop: child.stop }
}

export async function startRelay(scratch: string, backend: Backend): Promise<RunningProxy> {
  const [port, log] = [await freePort(), join(scratch, 'relay.log')]
  const target = `ws://${backend.host}:${backend.port}`
  const child = startChild([process.execPath, ...settling, file('./ws-relay.ts'), `${port}`, target], { log })
  await listening(child, log, port)
  return { name: 'ws relay', version: '', host, port, pids: [child.pid], node: true, stop: child.stop }
}

/** The workers of an nginx that listens: they may come a moment later. */
async function workersOf(pid: number): Promise<number[]> {
  for (;;) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1')
    const workers = children.split(' ').filter(Boolean).map(Number)
    if (workers.length > 0) return workers
    await sleep(20)
  }
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder
const versionFormat = '${Version}'
const nginxVersion = () =>
  run('dpkg-query', ['--show', '--showformat', versionFormat, 'nginx-common']).catch(() => 'unknown')
