import { createHash, X509Certificate } from 'node:crypto'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { createAuthority, issueCertificate } from '../../../installer/src/install/own-certificate.ts'
import type { VisitHosts } from '../../../services/envproxy/dev-urls/host.ts'
import { annEditor, devHost, eveEditor, sendTo, siteUrl, startDevUrls } from './dev-url-site.ts'
import { listen } from './site.ts'

export const editorsHost = 'ide.example'
const evilHost = 'evil.example'
export const evilUrl = `https://${evilHost}`

/** How a site's editors are named: below a wildcard name, or all at one host. */
export type Shape = 'wildcard' | 'one host'
export const shapes: readonly Shape[] = ['wildcard', 'one host']

/**
 * A site for a real browser, with TLS: an envproxy before the editors of ann and eve, and a stand-in for the manager and its
 * dashboard that logs anyone in (`/login?as=ann`) and lets them into editors as the real one does. `inside` plays the
 * workspaces, `evil` is a page of another site.
 */
export async function startBrowserSite(
  t: TestContext,
  shape: Shape,
  inside: (request: IncomingMessage, answer: ServerResponse) => void,
) {
  const wildcard = shape === 'wildcard'
  const hosts: VisitHosts = wildcard
    ? { devUrls: devHost, editors: undefined }
    : { devUrls: undefined, editors: editorsHost }
  const site = await startDevUrls(t, inside, { hosts })
  const addressOf = ({ label, workspace }: typeof annEditor) =>
    wildcard ? `https://${label}.${devHost}/` : `https://${editorsHost}/${workspace}/`
  const editors = { ann: annEditor, eve: eveEditor }
  let evil = ''

  /** What lets `user` in, in the browser whose state this is. */
  async function linkFor(one: typeof annEditor, user: string, state: string | null, to = '/'): Promise<string> {
    const { label, id: devUrl, workspace, port } = one
    const claims = { label, devUrl, workspace, port, state, sub: user, credential: `session:${user}` }
    const link = new URL('.cde/enter', addressOf(one))
    link.search = new URLSearchParams({ ticket: await site.ticket(claims), to }).toString()
    return link.href
  }

  /** The manager's part. */
  async function serveSite(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(asked.url ?? '', siteUrl)
    const user = /__Host-session_token=(\w+)/.exec(asked.headers.cookie ?? '')?.[1]
    const page = (body: string, headers = {}) =>
      answer.writeHead(200, { 'content-type': 'text/html', ...headers }).end(body)
    if (pathname === '/login') {
      const cookie = `__Host-session_token=${searchParams.get('as')}; Path=/; HttpOnly; Secure; SameSite=Strict`
      const links = Object.entries(editors).map(([name, one]) => `<a href="${addressOf(one)}">editor of ${name}</a>`)
      return void page(links.join('<br>'), { 'set-cookie': cookie })
    }
    if (pathname !== '/auth/dev-url') return void page(`logged in as ${user}`)
    const one = Object.values(editors).find(({ label }) => label === searchParams.get('label'))
    if (user === undefined || one === undefined || !site.manager.may(user, one.workspace))
      return void answer.writeHead(404, { 'content-type': 'text/html' }).end('not shared with you')
    const location = await linkFor(one, user, searchParams.get('state'), searchParams.get('to') ?? '/')
    answer.writeHead(303, { location }).end()
  }

  const names = ['cde.example', `*.${devHost}`, editorsHost, evilHost] as const
  const { certificate, key } = await issueCertificate(await createAuthority([...names]), names)
  const front = createServer({ cert: certificate, key }, (asked, answer) => {
    const host = asked.headers.host ?? ''
    if (host === 'cde.example') return void serveSite(asked, answer)
    if (host === evilHost) return void answer.writeHead(200, { 'content-type': 'text/html' }).end(evil)
    const { method, url: path, headers } = asked
    const onward = httpRequest({ host: '127.0.0.1', port: site.port, method, path, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers)
      got.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  })
  front.on('upgrade', (asked: IncomingMessage, socket, head) => {
    const lines = [`${asked.method} ${asked.url} HTTP/1.1`]
    for (let at = 0; at < asked.rawHeaders.length; at += 2)
      lines.push(`${asked.rawHeaders[at]}: ${asked.rawHeaders[at + 1]}`)
    const onward = connect(site.port, '127.0.0.1', () => onward.write(`${lines.join('\r\n')}\r\n\r\n`))
    onward.write(head)
    socket.pipe(onward).pipe(socket)
    for (const one of [onward, socket]) one.on('error', () => [onward, socket].map((each) => each.destroy()))
  })
  const port = await listen(t, front)
  const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  return {
    ...site,
    addressOf,
    /** of Chromium: where the names are, and that their certificate is sound */
    arguments: [
      `--host-resolver-rules=MAP *.example 127.0.0.1:${port}`,
      `--ignore-certificate-errors-spki-list=${createHash('sha256').update(spki).digest('base64')}`,
    ],
    /** What the pages of workspaces were asked for; browsers look for an icon by themselves. */
    pages: () => site.reached.map(({ url }) => url).filter((url) => url !== '/favicon.ico'),
    /** A link with a ticket that somebody got for their own editor, in a browser of their own, and did not use. */
    async ticketLink(one: typeof annEditor, user: string): Promise<string> {
      const { host, pathname } = new URL(addressOf(one))
      const away = await sendTo(site.port, pathname, { host })
      return await linkFor(one, user, new URL(String(away.headers.location)).searchParams.get('state'))
    },
    /** Makes the page of the other site. */
    setEvil(body: string) {
      evil = body
    },
  }
}
