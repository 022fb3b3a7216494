import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawn } from '@lydell/node-pty'
import { sealiftExecutable } from '../lab/demo-sealift.ts'

/** `sealift install` on a terminal of its own, as a serial console is. */
export async function terminalOf(flags: readonly string[]) {
  const pty = spawn(await sealiftExecutable(), ['install', ...flags], {
    name: 'vt220',
    cols: 80,
    rows: 24,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/root', TERM: 'vt220' },
  })
  let shown = ''
  let read = 0
  pty.onData((data) => {
    shown += data.replaceAll('\r', '')
  })
  let over: number | undefined
  const ended = new Promise<number>((resolve) =>
    pty.onExit(({ exitCode }) => {
      over = exitCode
      resolve(exitCode)
    }),
  )
  const until = async <T>(look: () => T | undefined, limit: number): Promise<T> => {
    for (const end = Date.now() + limit; ; await sleep(20)) {
      const found = look()
      if (found !== undefined) return found
      if (over !== undefined || Date.now() > end)
        assert.fail(`it does not come (exit code ${over}):\n${shown.slice(-4000)}`)
    }
  }
  /** The first line of what is asked now, once it waits for an answer. */
  const question = () => {
    const now = shown.slice(read)
    const [, message] =
      /(?:^|\n)(?![ ![\d])([A-Z][^\n]*)\n(?:(?: {2}|\d+\))[^\n]*\n)*(?:\[[^\n]*\] )?> $/.exec(now) ?? []
    return message
  }
  const answer = (text: string) => {
    read = shown.length
    pty.write(`${text}\r`)
  }
  return {
    ended,
    shown: () => shown,
    kill: () => {
      if (over === undefined) pty.kill('SIGKILL')
    },
    shows: (pattern: RegExp, limit = 30_000) => until(() => (pattern.test(shown) ? true : undefined), limit),
    asked: (pattern: RegExp) => until(() => (pattern.test(question() ?? '') ? true : undefined), 60_000),
    async answer(text: string) {
      answer(text)
    },
    /** Answers whatever is asked, until nothing is for the length of an installation. */
    async goesOn(say: (message: string) => string) {
      let again = 0
      for (let before = ''; ; ) {
        const message = await until(() => (over !== undefined || /\[1\/\d+\]/.test(shown) ? '' : question()), 120_000)
        if (message === '') return
        again = message === before ? again + 1 : 0
        before = message
        assert.ok(again < 5, `it asks the same again and again:\n${shown.slice(-2000)}`)
        answer(say(message))
      }
    },
  }
}
