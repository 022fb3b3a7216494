import { isInBackground } from '../../serve/background/said.ts'
import { defineCommand } from '../command.ts'
import { json, license, trust } from '../options.ts'
import { progressOn } from '../progress.ts'
import { checkTogether, flagsOf, type ServeArguments } from '../serve/flags.ts'
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
          describe:
            'directory where its CA and certificate are kept (default: /var/lib/sealift/serve, of others than root ~/.local/state/sealift/serve)',
        },
        'tls-cert': { ...text, describe: 'certificate of your own (PEM), with its chain' },
        'tls-key': { ...text, describe: 'private key of that certificate' },
        'plain-http': { type: 'boolean', default: false, describe: 'speak HTTP, for a proxy on this machine' },
        username: { ...text, describe: 'user that clients must log in as' },
        'password-file': { ...text, describe: 'file with the password of that user' },
        'token-auth': { type: 'boolean', default: false, describe: 'hand out short-lived tokens for that login' },
        metrics: { ...text, describe: 'HOST:PORT where /metrics is, without TLS or login' },
        background: {
          type: 'boolean',
          default: false,
          describe: 'start it as a process of its own, and end as soon as that serves or has failed',
        },
        systemd: { type: 'boolean', default: false, describe: 'print a systemd unit for these flags, and end' },
        trust,
        license,
        json,
      })
      .example(
        '$0 serve cde-0.1.0.bundle --listen 10.0.0.5:5000 --trust vendor.pub --license bank.license',
        'nodes pull 10.0.0.5:5000/cde/manager:0.1.0',
      )
      .example(
        '$0 serve cde-0.1.0.bundle --listen 10.0.0.5:5000 --trust vendor.pub --license bank.license --background',
        'the same, and it goes on when this terminal is closed',
      )
      .epilogue(
        'Requests are logged on stderr; with --background, and bounded, in serve.log of the state directory. SIGHUP loads bundles, license and certificate anew; SIGTERM lets requests under way end.',
      ),
  handler: async (args) => {
    if (!isInBackground()) return await handle(args)
    const { tellingFailure } = await import('../../serve/background/child.ts')
    await tellingFailure(() => handle(args))
  },
})

type Given = ServeArguments & { json: boolean; systemd: boolean; background: boolean }

async function handle(args: Given): Promise<void> {
  const { readAddress, reachableNames } = await import('../../serve/listen.ts')
  const { defaultServeState } = await import('../../serve/state.ts')
  const listen = readAddress(args.listen, '--listen')
  const metrics = args.metrics === undefined ? undefined : readAddress(args.metrics, '--metrics')
  checkTogether(args, listen.host)
  if (!args.plainHttp) reachableNames(listen.host, args.name, args.tlsCert !== undefined)
  if (args.systemd) {
    const { unitOf } = await import('../serve/unit.ts')
    return void process.stdout.write(await unitOf(args, [listen.port, metrics?.port ?? 0]))
  }
  const here = { ...args, state: args.state ?? defaultServeState() }
  if (args.background) await startedInBackground(here)
  else if (isInBackground()) await inBackground(here)
  else await inForeground(here)
}

type Here = Given & { state: string }

/** Starts it as a process of its own, and says where it serves. */
async function startedInBackground(args: Here): Promise<void> {
  const { startInBackground } = await import('../../serve/background/start.ts')
  const { announceStarted } = await import('../serve/announce.ts')
  const progress = progressOn(process.stderr, args.json)
  progress.step('Verifying')
  const started = await startInBackground({
    bundles: args.bundles,
    flags: flagsOf(args),
    state: args.state,
    signal: interruption(),
    onProgress: progress.update,
  }).finally(() => progress.end())
  announceStarted(started, args.json)
}

/** Serves, as the process that was started for it. */
async function inBackground(args: Here): Promise<void> {
  const { serveInBackground } = await import('../../serve/background/child.ts')
  const { indexesOf } = await import('../../serve/bundle-set.ts')
  const { accessOf, serveUntilStopped } = await import('../serve/until-stopped.ts')
  await serveInBackground({
    state: args.state,
    flags: flagsOf(args),
    wanted: async () => await indexesOf({ paths: args.bundles, ...(await accessOf(args)) }),
    serve: (audience) => serveUntilStopped(args, audience),
  })
}

/** Serves, for whoever looks at this terminal. */
async function inForeground(args: Here): Promise<void> {
  const { serveUntilStopped } = await import('../serve/until-stopped.ts')
  const { announce } = await import('../serve/announce.ts')
  const { pino } = await import('pino')
  const progress = progressOn(process.stderr, args.json)
  let isSaid = false
  progress.step('Verifying')
  await serveUntilStopped(args, {
    log: pino.destination(2),
    progress: progress.update,
    serves(announcement) {
      // what is loaded anew is in the log
      if (isSaid) return
      isSaid = true
      progress.end()
      announce(announcement, args.json)
    },
  }).finally(() => progress.end())
}
