import { type DestinationStream, type Logger, pino } from 'pino'
import type { Announcement } from '../../serve/announcement.ts'
import type { Audience } from '../../serve/background/child.ts'
import { caPathIn, serverCertificates } from '../../serve/certificates.ts'
import { galleryPath } from '../../serve/gallery/route.ts'
import { reachableNames, readAddress, writeAddress } from '../../serve/listen.ts'
import { serveBundles } from '../../serve/serve.ts'
import { readText, readTexts } from '../files.ts'
import { interruption } from '../signals.ts'
import type { ServeArguments } from './flags.ts'

/** What may be served, and by whose word, read each time it is asked for. */
export const accessOf = async ({ trust, license }: ServeArguments) => ({
  trust: await readTexts(trust, 'key'),
  license: await readText(license, 'license'),
})

/** Serves until it is interrupted, and tells an audience what it does. SIGHUP makes it load everything anew. */
export async function serveUntilStopped(
  args: ServeArguments & { state: string },
  audience: Omit<Audience, 'log'> & { log: DestinationStream },
): Promise<void> {
  // until everything is loaded there is nothing to load anew
  let reload = async () => {}
  process.on('SIGHUP', () => void reload())
  const listen = readAddress(args.listen, '--listen')
  const metrics = args.metrics === undefined ? undefined : readAddress(args.metrics, '--metrics')
  const names = args.plainHttp ? [listen.host] : reachableNames(listen.host, args.name, args.tlsCert !== undefined)
  const auth = await loginOf(args)
  const log = pino({ level: process.env.LOG_LEVEL ?? 'info' }, audience.log)
  const certificates = args.plainHttp ? undefined : certificateSource(args, names, log)
  const signal = interruption()
  const serving = await serveBundles({
    paths: args.bundles,
    access: () => accessOf(args),
    listen,
    ...(certificates ? { certificate: certificates.load } : {}),
    ...(auth ? { auth } : {}),
    tokenAuth: args.tokenAuth,
    ...(metrics ? { metrics } : {}),
    log,
    signal,
    onProgress: audience.progress,
  })
  const tell = () => {
    const { bundles, gallery } = serving.library.current()
    const registry = writeAddress({ host: names[0] as string, port: serving.address.port })
    const announcement: Announcement = {
      registry,
      ca: certificates?.caPath,
      releases: bundles.map(({ release: { name, version } }) => ({ name, version })),
      ...(gallery.length > 0 ? { gallery: `${args.plainHttp ? 'http' : 'https'}://${registry}${galleryPath}` } : {}),
      metrics: serving.metrics && writeAddress(serving.metrics),
    }
    audience.serves(
      announcement,
      bundles.map(({ bundle }) => bundle.indexDigest),
    )
  }
  reload = async () => {
    await serving.reload()
    tell()
  }
  tell()
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await serving.close()
}

async function loginOf({ username, passwordFile }: ServeArguments) {
  if (username === undefined || passwordFile === undefined) return undefined
  return { username, password: (await readText(passwordFile, 'password')).trimEnd() }
}

/** Where the certificate is from, each time it is asked for. */
function certificateSource(
  { tlsCert, tlsKey, state }: ServeArguments & { state: string },
  hosts: readonly string[],
  log: Logger,
) {
  if (tlsCert !== undefined && tlsKey !== undefined)
    return {
      load: async () => ({
        certificate: await readText(tlsCert, 'certificate'),
        key: await readText(tlsKey, 'key'),
      }),
      caPath: undefined,
    }
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
