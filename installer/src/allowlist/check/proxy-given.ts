import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { proxyFault } from '../../answers/formats/proxy.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { type ProxySettings, proxyFromEnvironment } from '../../stores/registry/proxy.ts'

export interface Given {
  /** of a flag: it counts for http and https */
  url: string | undefined
  /** text of the file with the login */
  login: string | undefined
  answers: Pick<CompleteAnswers, 'proxy'> | undefined
  environment: NodeJS.ProcessEnv
}

/**
 * The proxy that a check goes through, and the value of Proxy-Authorization: what a flag names, else the answers, else the
 * environment.
 * @throws SealiftError USAGE_PROXY
 */
export function proxyGiven({ url, login, answers, environment }: Given): {
  settings: ProxySettings
  authorization: string | undefined
} {
  const fault = url === undefined ? undefined : proxyFault(url)
  if (fault) throw new SealiftError('USAGE_PROXY', `--proxy: ${fault.message}`, { fix: fault.fix })
  const { http, https, exempt = [] } = answers?.proxy ?? {}
  const settings =
    url !== undefined
      ? { http: url, https: url }
      : http !== undefined || https !== undefined
        ? { http, https, except: exempt.join(',') }
        : proxyFromEnvironment(environment)
  return { settings, authorization: login === undefined ? loginOf(settings) : basic(loginLine(login)) }
}

/** The one line of a file with a login. @throws SealiftError USAGE_PROXY, which does not show it */
export function loginLine(text: string): string {
  const line = text.replace(/\r?\n$/, '')
  if (!/^[^:\p{Cc}]+:\P{Cc}+$/u.test(line))
    throw new SealiftError('USAGE_PROXY', 'the file with the login to the proxy does not hold one', {
      why: 'it has one line: user:password',
      fix: "printf '%s\\n' 'USER:PASSWORD' > FILE, and chmod 600 FILE",
    })
  return line
}

/** RFC 7617, section 2; in UTF-8. */
const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`

/** The login that the environment's URL carries. */
function loginOf({ https, http }: ProxySettings): string | undefined {
  const text = https ?? http ?? ''
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url?.username) return undefined
  return basic(`${decoded(url.username)}:${decoded(url.password)}`)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
