import { readFileSync } from 'node:fs'

/** Reads variables of the environment. An empty one counts as not set; what is malformed is an Error that names it. */
export interface Variables {
  optional(name: string): string | undefined
  required(name: string): string
  /** The content of the file that a variable names: secrets come as files, so that no process listing shows them. */
  file(name: string): string
  optionalFile(name: string): string | undefined
  /** A whole number; `most` is no less than what the program can bear. */
  number(name: string, fallback: number, bounds?: { least?: number; most?: number }): number
  /** 0: a free port */
  port(name: string, fallback: number): number
  url(name: string, fallback?: string): string
  optionalUrl(name: string): string | undefined
  oneOf<T extends string>(name: string, choices: readonly T[], fallback: T): T
  /** names with commas between */
  list(name: string): string[]
  /** `LOG_LEVEL`: the least that is logged */
  logLevel(): string
}

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** The variables of a service; every service reads its own by these. */
export function variablesOf(env: NodeJS.ProcessEnv): Variables {
  const optional = (name: string): string | undefined => env[name]?.trim() || undefined
  const required = (name: string): string => {
    const value = optional(name)
    if (value === undefined) throw new Error(`the environment variable ${name} is not set`)
    return value
  }
  const file = (name: string): string => {
    const path = required(name)
    try {
      return readFileSync(path, 'utf8')
    } catch (cause) {
      throw new Error(`${name} names ${path}, which cannot be read`, { cause })
    }
  }
  const number: Variables['number'] = (name, fallback, { least = 0, most = Number.MAX_SAFE_INTEGER } = {}) => {
    const text = optional(name)
    if (text === undefined) return fallback
    const value = Number(text)
    if (/^[0-9]{1,16}$/.test(text) && value >= least && value <= most) return value
    const bounds = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
    throw new Error(`${name} is not a whole number ${bounds}`)
  }
  const url = (name: string, value: string): string => {
    if (!URL.canParse(value) || !/^https?:/.test(value))
      throw new Error(`${name} is not a URL, such as https://cde.example.com`)
    return value
  }
  const oneOf = <T extends string>(name: string, choices: readonly T[], fallback: T): T => {
    const value = optional(name) ?? fallback
    const found = choices.find((choice) => choice === value)
    if (found === undefined) throw new Error(`${name} is one of ${choices.join(', ')}`)
    return found
  }
  return {
    optional,
    required,
    file,
    optionalFile: (name) => (optional(name) === undefined ? undefined : file(name)),
    number,
    port: (name, fallback) => number(name, fallback, { most: 65_535 }),
    url: (name, fallback) => url(name, fallback === undefined ? required(name) : (optional(name) ?? fallback)),
    optionalUrl: (name) => (optional(name) === undefined ? undefined : url(name, required(name))),
    oneOf,
    list: (name) =>
      (optional(name) ?? '')
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== ''),
    logLevel: () => oneOf('LOG_LEVEL', levels, 'info'),
  }
}
