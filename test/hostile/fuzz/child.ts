import { writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { argv } from 'node:process'
import { runHere } from './in-process.ts'
import { caseOf } from './kinds.ts'
import { takeNetwork } from './no-network.ts'
import { type Case, layOut, readGood } from './place.ts'

/**
 * A process that tries inputs of one kind, one after the other: `child.ts GOOD WORK KIND SEED FROM TO`. It tells on descriptor
 * 3, a line of JSON each: how the first command ends where nothing is wrong, which case begins, and how it has ended.
 */
const [good = '', work = '', kind = '', seed = '', from = '', to = ''] = argv.slice(2)
const tell = (line: object) => writeSync(3, `${JSON.stringify(line)}\n`)

takeNetwork()
// the defect itself is wanted, with its stack
process.env.SEALIFT_DEBUG = '1'
let stray: unknown
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error: unknown) => {
    stray ??= error
  })

const known = readGood(good)
const numbered = (number: number): Case => caseOf(kind, Number(seed), number, known)

async function attempt(one: Case, name: string, begins: (words: readonly string[]) => void) {
  const place = join(work, name)
  const words = await layOut(one, known, place)
  process.env.DOCKER_CONFIG = join(place, 'docker')
  stray = undefined
  begins(words)
  const start = performance.now()
  const outcome = await runHere(words)
  const ms = performance.now() - start
  // whatever nobody waits for has failed by now
  await new Promise((resolve) => setImmediate(resolve))
  await rm(place, { recursive: true, force: true })
  return { ...outcome, ms }
}

// the command is loaded before anything is measured
const { words } = numbered(Number(from))
const { exitCode, stderr } = await attempt({ files: {}, words }, 'good', () => {})
tell({ good: words, exitCode, stderr })

for (let number = Number(from); number < Number(to); number += 1) {
  const { exitCode, stderr, ms } = await attempt(numbered(number), String(number), (words) => tell({ number, words }))
  const memory = process.resourceUsage().maxRSS * 1024
  const failure = stray === undefined ? undefined : stray instanceof Error ? stray.stack : String(stray)
  const isWrong = exitCode === 1 || failure !== undefined
  tell({ number, exitCode, ms, memory, ...(isWrong ? { why: failure ?? stderr.slice(-4000) } : {}) })
}
process.exit()
