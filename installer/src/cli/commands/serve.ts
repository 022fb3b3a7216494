import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Logger } from 'pino'
import { defineCommand } from '../command.ts'
import { readText, readTexts } from '../files.ts'
import { json, license, trust } from '../options.ts'
import { progressOn } from '../progress.ts'
import { interruption } from '../signals.ts'

const text = { type: 'string', requiresArg: true } as const

export const serve = defineCommand({
  command: 'serve <bundles..>',
  describe: 'be a read-only registry, straight from bundle files',
  builder: (yargs) =>
    yargs
      .positional('bundles', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'bundle files, or directories whose *.bundle files, whole or in parts, are meant',
      })
      .options({
        listen: { ...text, demandOption: true, describe: 'HOST:PORT to listen on; port 0 takes a free one' },
        name: {
          ...text,
          array: true,
          default: [],
          describe: 'more names and addresses for its certificate (repeatable)',
        },
        state: {
          ...text,
          default: '/var/lib/sealift/serve',
          describe: 'directory where its CA and certificate are kept',
        },
        'tls-cert': { ...text, describe: 'certificate of your own (PEM), with its chain' },
        'tls-key': { ...text, describe: 'private key of that certificate' },
        'plain-http': { type: 'boolean', default: false, describe: 'speak HTTP, for a proxy on this machine' },
        username: { ...text, describe: 'user that clients must log in as' },
        'password-file': { ...text, describe: 'file with the password of that user' },
        'token-auth': { type: 'boolean', default: false, describe: 'hand out short-lived tokens for that login' },
        metrics: { ...text, describe: 'HOST:PORT where /metrics is, without TLS or login' },
        systemd: { type: 'boolean', default: false, describe: 'print a systemd unit for these flags, and end' },
        trust,
        license,
        json,
      })
      .example(
        '$0 serve cde-0.1.0.bundle --listen 10.0.0.5:5000 --trust vendor.pub --license bank.license',
        'nodes pull 10.0.0.5:5000/cde/manager:0.1.0',
      )
      .epilogue(
        'Requests are logged on stderr. SIGHUP loads bundles, license and certificate anew; SIGTERM lets requests under way end.',
      ),
  handler: async (args) => {
    const { readAddress, reachableNames, writeAddress } = await import('../../serve/listen.ts')
    const { serveBundles } = await import('../../serve/serve.ts')
    const { pino } = await import('pino')
    const listen = readAddress(args.listen, '--listen')
    const metrics = args.metrics === undefined ? undefined : readAddress(args.metrics, '--metrics')
    checkTogether(args, listen.host)
    const names = args.plainHttp ? [listen.host] : reachableNames(listen.host, args.name, args.tlsCert !== undefined)
    if (args.systemd) return void process.stdout.write(await unitOf(args, [listen.port, metrics?.port ?? 0]))

    // until everything is loaded there is nothing to load anew
    let reload = async () => {}
    process.on('SIGHUP', () => void reload())
    const progress = progressOn(process.stderr, args.json)
    const auth = await loginOf(args)
    const log = pino({ level: process.env.LOG_LEVEL ?? 'info' }, pino.destination(2))
    const certificates = args.plainHttp ? undefined : await certificateSource(args, names, log)
    const signal = interruption()
    progress.step('Verifying')
    const serving = await serveBundles({
      paths: args.bundles,
      access: async () => ({
        trust: await readTexts(args.trust, 'key'),
        license: await readText(args.license, 'license'),
      }),
      listen,
      ...(certificates ? { certificate: certificates.load } : {}),
      ...(auth ? { auth } : {}),
      tokenAuth: args.tokenAuth,
      ...(metrics ? { metrics } : {}),
      log,
      signal,
      onProgress: progress.update,
    }).finally(() => progress.end())
    reload = serving.reload
    const ca = certificates?.caPath
    const registry = writeAddress({ host: names[0] as string, port: serving.address.port })
    const releases = serving.library.current().bundles.map(({ release: { name, version } }) => ({ name, version }))
    const at = serving.metrics && writeAddress(serving.metrics)
    if (args.json) console.log(JSON.stringify({ registry, ca, ...releases[0], releases, metrics: at }))
    else
      console.log(
        `${releases.map(({ name, version }) => `${name} ${version}`).join(', ')} served at ${registry}${ca ? `; clients trust it by ${ca}` : ''}${at ? `; metrics at http://${at}/metrics` : ''}`,
      )
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await serving.close()
  },
})

interface Arguments {
  bundles: string[]
  listen: string
  name: string[]
  state: string
  tlsCert?: string | undefined
  tlsKey?: string | undefined
  plainHttp: boolean
  username?: string | undefined
  passwordFile?: string | undefined
  tokenAuth: boolean
  metrics?: string | undefined
  trust: string[]
  license: string
}

function checkTogether(args: Arguments, host: string): void {
  const wrong = (message: string, fix?: string) => new SealiftError('USAGE_ARGUMENTS', message, { fix })
  if ((args.tlsCert === undefined) !== (args.tlsKey === undefined)) throw wrong('--tls-cert and --tls-key go together')
  if ((args.username === undefined) !== (args.passwordFile === undefined))
    throw wrong('--username and --password-file go together')
  if (args.tokenAuth && args.username === undefined)
    throw wrong('--token-auth needs a login that tokens are given for', 'add --username and --password-file')
  if (args.plainHttp && args.tlsCert !== undefined) throw wrong('--plain-http and --tls-cert exclude each other')
  if (args.plainHttp && args.username !== undefined && !/^(127\.|::1$|localhost$)/.test(host))
    throw wrong('a password would cross the network in the clear', 'listen on 127.0.0.1, or leave --plain-http out')
}

async function loginOf({ username, passwordFile }: Arguments) {
  if (username === undefined || passwordFile === undefined) return undefined
  return { username, password: (await readText(passwordFile, 'password')).trimEnd() }
}

/** Where the certificate is from, each time it is asked for. */
async function certificateSource({ tlsCert, tlsKey, state }: Arguments, hosts: readonly string[], log: Logger) {
  if (tlsCert !== undefined && tlsKey !== undefined)
    return {
      load: async () => ({
        certificate: await readText(tlsCert, 'certificate'),
        key: await readText(tlsKey, 'key'),
      }),
      caPath: undefined,
    }
  const { caPathIn, serverCertificates } = await import('../../serve/certificates.ts')
  const caPath = caPathIn(state)
  return {
    async load() {
      const certificates = await serverCertificates({ directory: state, hosts })
      if (certificates.created === 'ca') log.info({ ca: caPath, hosts }, 'made a new CA: every client needs it')
      return certificates
    },
    caPath,
  }
}

async function unitOf(args: Arguments, ports: readonly number[]): Promise<string> {
  const { systemdUnit } = await import('../../serve/systemd.ts')
  const { isSea } = await import('node:sea')
  const { realpath, stat } = await import('node:fs/promises')
  const one = (flag: string, value: string | undefined): [string, string][] =>
    value === undefined ? [] : [[flag, value]]
  const own = args.plainHttp || args.tlsCert !== undefined
  const script = process.argv[1] ?? ''
  const bundles = args.bundles.map(async (path) => {
    const info = await stat(path).catch(() => undefined)
    return { path, isDirectory: info?.isDirectory() ?? false }
  })
  return systemdUnit({
    program: isSea() ? [process.execPath] : [process.execPath, await realpath(script)],
    bundles: await Promise.all(bundles),
    flags: [
      ['--listen', args.listen],
      ...args.name.flatMap((name) => one('--name', name)),
      ...args.trust.flatMap((path) => one('--trust', path)),
      ['--license', args.license],
      ...one('--tls-cert', args.tlsCert),
      ...one('--tls-key', args.tlsKey),
      ...(args.plainHttp ? [['--plain-http'] as const] : []),
      ...one('--username', args.username),
      ...one('--password-file', args.passwordFile),
      ...(args.tokenAuth ? [['--token-auth'] as const] : []),
      ...one('--metrics', args.metrics),
    ],
    state: own ? undefined : args.state,
    port: Math.min(...ports.filter((port) => port > 0)),
  })
}
