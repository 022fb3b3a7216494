import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { proxyFault } from '../../answers/formats/proxy.ts'
import { basic, loginLine, type ProxyAnswers, proxyOfAnswers } from '../../install/proxy-access.ts'
import { type ProxySettings, proxyFromEnvironment } from '../../stores/registry/proxy.ts'

export interface Given {
  /** of a flag: it counts for http and https */
  url: string | undefined
  /** text of the file with the login */
  login: string | undefined
  answers: ProxyAnswers | undefined
  environment: NodeJS.ProcessEnv
}

/**
 * The proxy that a check goes through, with its login: what a flag names, else the answers, else the environment.
 * @throws SealiftError USAGE_PROXY, USAGE_ANSWERS
 */
export function proxyGiven({ url, login, answers, environment }: Given): ProxySettings {
  const fault = url === undefined ? undefined : proxyFault(url)
  if (fault) throw new SealiftError('USAGE_PROXY', `--proxy: ${fault.message}`, { fix: fault.fix })
  const answered = answers?.proxy === undefined ? undefined : proxyOfAnswers(answers)
  const settings = answered ?? proxyFromEnvironment(environment)
  const authorization =
    login !== undefined
      ? basic(loginLine(login))
      : url === undefined
        ? (answered?.authorization ?? loginOf(settings))
        : undefined
  return { ...settings, ...(url === undefined ? {} : { http: url, https: url }), authorization }
}

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
