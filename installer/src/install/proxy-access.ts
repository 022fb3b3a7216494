import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type ExemptFrom, exemptOf } from '../allowlist/exempt.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { type ProxySettings, proxyFromEnvironment } from '../stores/registry/proxy.ts'
import { small, smallCa } from './small-file.ts'

export type ProxyAnswers = ExemptFrom['answers']

/** The proxy that answers name, with their login and CA, and whom they reach without it. @throws SealiftError USAGE_ANSWERS, USAGE_PROXY */
export function proxyOfAnswers(answers: ProxyAnswers): ProxySettings {
  const { http, https, caFile, loginFile } = answers.proxy ?? {}
  return {
    ...{ http, https, except: exemptOf({ answers }).join(',') },
    ...(caFile === undefined ? {} : { caPem: smallCa(caFile, 'proxy.caFile') }),
    ...(loginFile === undefined ? {} : { authorization: basic(readLogin(loginFile)) }),
  }
}

/**
 * The proxy of the installer's own connections: what the environment of this machine names, else the answers. A login in the
 * environment's URL is its own; that of the answers goes to the proxy of the answers alone.
 * @throws SealiftError USAGE_ANSWERS, USAGE_PROXY
 */
export function proxyOf(answers: ProxyAnswers, environment: NodeJS.ProcessEnv): ProxySettings {
  const named = proxyFromEnvironment(environment)
  if (answers.proxy === undefined) return named
  const { authorization, except = '', ...said } = proxyOfAnswers(answers)
  const urls = [named.http, named.https].filter((url) => url !== undefined)
  if (urls.length === 0) return { ...said, except, authorization }
  const same = urls.every((url) => isOneOf(url, [said.http, said.https]))
  return {
    ...{ ...said, ...named },
    except: [named.except, except].filter(Boolean).join(','),
    ...(same ? { authorization } : {}),
  }
}

/** Whether a URL is one of those, as it stands: with a login in it, it is another one. */
const isOneOf = (url: string, some: readonly (string | undefined)[]): boolean =>
  some.some((one) => one?.replace(/\/$/, '') === url.replace(/\/$/, ''))

const readLogin = (file: string): string => loginLine(small(file, 'proxy.loginFile'))

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
export const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`

/** The login in such a value. */
export const loginIn = (authorization: string): string => Buffer.from(authorization.slice(6), 'base64').toString()

/**
 * What manager and workspaces need for the proxy beside its address: `login`, as it stands in a URL, and `ca.crt`; undefined
 * where it is neither. @throws SealiftError USAGE_ANSWERS, USAGE_PROXY
 */
export function proxySecret({ proxy }: Pick<CompleteAnswers, 'proxy'>): Record<string, string> | undefined {
  const { loginFile, caFile } = proxy ?? {}
  if (loginFile === undefined && caFile === undefined) return undefined
  return {
    ...(loginFile === undefined ? {} : { login: loginInUrl(readLogin(loginFile)) }),
    ...(caFile === undefined ? {} : { 'ca.crt': smallCa(caFile, 'proxy.caFile') }),
  }
}

/** RFC 3986, 3.2.1: of the colons the first one alone is no part of a word. */
function loginInUrl(login: string): string {
  const end = login.indexOf(':')
  return `${encodeURIComponent(login.slice(0, end))}:${encodeURIComponent(login.slice(end + 1))}`
}

/** The line `user:password` that `proxySecret` made a login of; undefined for what it did not make. */
export function loginOfSecret(login: string): string | undefined {
  try {
    return login.split(':').map(decodeURIComponent).join(':')
  } catch {
    return undefined
  }
}
