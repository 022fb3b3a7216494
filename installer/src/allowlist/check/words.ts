import type { Attempt, Reason, Stage } from './trial.ts'

/**
 * Makes what the stages of an attempt say and how they end: a part of the program of pods (`parts.ts`).
 */
export function createWords(limit: number) {
  class Ended extends Error {
    attempt: Attempt
    constructor(attempt: Attempt) {
      super(attempt.detail)
      this.attempt = attempt
    }
  }
  const end = (stage: Stage, reason: Reason, detail: string, issuer?: string) =>
    new Ended({ stage, reason, detail, ...(issuer ? { issuer } : {}) })

  /** Words of a stranger. */
  const said = (text: unknown): string =>
    String(text)
      .slice(0, 2000)
      .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
      .trim()
      .slice(0, 300)
  const codeOf = (error: unknown): string => {
    const { code, errors } = error as { code?: unknown; errors?: { code?: unknown }[] }
    return String(errors?.[0]?.code ?? code ?? '')
  }
  const seconds = `${limit / 1000} s`

  /** What `work` comes to, within the limit. What it opens it closes itself when `signal` says so. */
  const within = <T>(late: () => Ended, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const abort = new AbortController()
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(late())
        abort.abort()
      }, limit)
      work(abort.signal)
        .then(resolve, reject)
        .finally(() => clearTimeout(timer))
    })
  }

  return { Ended, end, said, codeOf, seconds, within }
}

export type Words = ReturnType<typeof createWords>
