import { Agent as HttpsAgent, request } from 'node:https'
import type { Platform } from '../lab/demo-user.ts'

/** One request that did not get the answer it should. */
export type Failure = { at: number; what: string; why: string }

export type SteadyClient = {
  /** requests sent so far */
  sent: () => number
  failures: readonly Failure[]
  /** the longest that an answer took, in milliseconds */
  slowest: () => number
  /** Sends nothing more; resolves when everything is answered. */
  stop: () => Promise<void>
}

/** What is asked, again and again; `body` is asked for each time. */
export type Question = { method: string; path: string; body?: () => object }

/** How long an answer may take before it counts as none, in milliseconds: a busy machine is slow, and that is no failure. */
const patienceMs = 60_000

/**
 * A client that asks every `every` milliseconds, one question after the other, over a connection of its own and over one that
 * is kept by turns, and does not try twice. It does not wait for answers: what hangs shows as slow, what fails as a failure.
 */
export function steadyClient(platform: Platform, token: string, questions: Question[], every = 100): SteadyClient {
  const kept = new HttpsAgent({ keepAlive: true, maxSockets: 4 })
  const failures: Failure[] = []
  const open = new Set<Promise<void>>()
  let sent = 0
  let slowest = 0

  const ask = ({ method, path, body }: Question, agent: HttpsAgent | false): Promise<void> => {
    const begun = performance.now()
    const what = `${method} ${path} ${agent ? 'over a kept connection' : 'over a new connection'}`
    const fail = (why: string) => failures.push({ at: begun, what, why })
    const text = body === undefined ? undefined : JSON.stringify(body())
    return new Promise<void>((resolve) => {
      const outgoing = request(
        {
          ...{ host: platform.address, port: platform.port, servername: platform.host, ca: platform.ca },
          ...{ method, path, agent, timeout: patienceMs },
          headers: {
            ...{ host: platform.host, 'session-token': token },
            ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': text.length }),
          },
        },
        (answer) => {
          let said = ''
          answer.setEncoding('utf8').on('data', (chunk: string) => {
            said += chunk
          })
          answer.on('error', (error: Error) => fail(error.message))
          answer.on('end', () => {
            if ((answer.statusCode ?? 0) >= 300) fail(`${answer.statusCode} ${said.slice(0, 200)}`)
          })
          answer.on('close', resolve)
        },
      )
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')))
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        fail(error.code ?? error.message)
        resolve()
      })
      outgoing.end(text)
    }).then(() => {
      const took = performance.now() - begun
      slowest = Math.max(slowest, took)
    })
  }

  const timer = setInterval(() => {
    const question = questions[sent % questions.length] as Question
    const agent = Math.floor(sent / questions.length) % 2 === 0 ? kept : false
    sent += 1
    const one = ask(question, agent).finally(() => open.delete(one))
    open.add(one)
  }, every)
  return {
    sent: () => sent,
    failures,
    slowest: () => slowest,
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      kept.destroy()
    },
  }
}
