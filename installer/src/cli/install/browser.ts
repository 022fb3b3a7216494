import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readAddress, writeAddress } from '../../serve/listen.ts'
import type { Face, Invitation, Session } from '../../wizard/face.ts'
import { isLoopback } from '../../wizard/https/names.ts'
import { openWeb, type Web } from '../../wizard/https/server.ts'
import { onceAborted } from '../../wizard/once-aborted.ts'
import type { OwnSession } from '../../wizard/session.ts'
import { interruption } from '../signals.ts'
import { type Chosen, chooseSession, type GivenAnswers } from './choose.ts'
import { announceResult } from './result.ts'
import { shownWork } from './shown-work.ts'

export interface BrowserArguments extends GivenAnswers {
  listen?: string | undefined
  name: string[]
  json: boolean
}

const usualPort = 7443

/** milliseconds that a finished installation is still shown for, while no browser looks at it */
const farewell = 60_000

/**
 * Shows the installation in browsers, until one of them closes it or it is interrupted. Of one that another process shows
 * to browsers already it only prints a new link.
 */
export async function installInBrowser(args: BrowserArguments): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const signal = interruption()
  const who = { kind: 'headless', label: `sealift install, process ${process.pid}` } as const
  const chosen = await chooseSession(args, who, shownWork(args.state, args.json), say)
  if ('joined' in chosen) return await showJoined(chosen, args, signal)
  const { own, end } = chosen
  try {
    const web = await open(own, args)
    own.invite = web.invite
    own.onClose(web.close)
    announceLink(await web.invite(), web, args.json)
    await untilOver(own, web, signal)
  } finally {
    await end()
  }
  const result = await own.outcome().catch(() => undefined)
  if (result) announceResult(result, args.json)
  else if (signal.aborted) throw signal.reason
  else if (own.view().phase !== 'done') say('closed; what was answered is kept: sealift install goes on')
}

type Joined = Extract<Chosen, { joined: Session }>

async function showJoined(
  { joined: session, face }: Joined,
  args: BrowserArguments,
  signal: AbortSignal,
): Promise<void> {
  try {
    const invitation = await invitedThere(face)
    if (invitation) return announceLink(invitation, undefined, args.json)
    const web = await open(session, args)
    announceLink(await web.invite(), web, args.json)
    onceAborted(signal, () => void web.close())
    await web.closed
  } finally {
    await session.close()
  }
}

/** A link to the door that the other process has; undefined where it has none. */
async function invitedThere(face: Face): Promise<Invitation | undefined> {
  try {
    return await face.invite()
  } catch (error) {
    if ((error as SealiftError).code !== 'SESSION_NO_WEB') throw error
    return undefined
  } finally {
    await face.leave()
  }
}

async function open(session: Session, { listen, name }: BrowserArguments): Promise<Web> {
  const { wizardAssets } = await import('../../../wizard/assets.ts')
  const assets = await wizardAssets()
  const at = (address: { host: string; port: number }) => openWeb(session, { listen: address, names: name, assets })
  if (listen !== undefined) return await at(readAddress(listen, '--listen'))
  try {
    return await at({ host: '127.0.0.1', port: usualPort })
  } catch (error) {
    if (!(error instanceof SealiftError) || error.code !== 'USAGE_LISTEN') throw error
    return await at({ host: '127.0.0.1', port: 0 })
  }
}

function announceLink({ url, fingerprint }: Invitation, web: Web | undefined, json: boolean): void {
  if (json) {
    console.log(JSON.stringify({ type: 'link', url, fingerprint }))
    return
  }
  const { host, port } = web?.address ?? { host: '', port: 0 }
  const tunnel = isLoopback(host)
    ? [
        `From another machine: ssh -L ${port}:${writeAddress({ host, port })} USER@THIS-MACHINE, or --listen ADDRESS:${port}`,
      ]
    : []
  const lines = [
    'Open this in a browser; it lets one in, once:',
    '',
    `  ${url}`,
    '',
    'The browser does not know the certificate. Its SHA-256 fingerprint has to be:',
    ...(fingerprint.match(/.{1,48}/g) ?? []).map((part) => `  ${part}`),
    '',
    ...tunnel,
    'Another link: sealift install, in another terminal. Ctrl-C ends it; what was answered is kept.',
  ]
  process.stderr.write(`${lines.join('\n')}\n`)
}

/** Waits until a browser closes the wizard, the process is interrupted, or nobody looks any more at what is done. */
async function untilOver(session: OwnSession, web: Web, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  void web.closed.then(resolve)
  const forget = onceAborted(signal, resolve)
  let alone: NodeJS.Timeout | undefined
  session.watch(() => {
    const { phase, faces } = session.view()
    const isOver = phase === 'done' && faces.length === 0
    if (!isOver) clearTimeout(alone)
    alone = isOver ? (alone ?? setTimeout(resolve, farewell)) : undefined
  })
  await promise
  clearTimeout(alone)
  forget()
}
