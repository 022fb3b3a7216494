import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { peakMemoryOf } from '../../bench/process-usage.ts'

const program = join(import.meta.dirname, 'child.ts')

/** What no input may make a command take (bytes, milliseconds). */
export const most = { memory: 300e6, ms: 5000 }

/** What commands find in their environment: a passphrase for keys, and that they are guarded by a process already. */
export const environment = { SEALIFT_GUARDED: '1', SEALIFT_KEY_PASSPHRASE: 'correct horse' }

/** cases of one process: memory that waits for the collector grows with them, and is none of an input's */
const together = 250

/** how a command ends that wants the network, which a child has not */
const withoutNetwork = /\[(REGISTRY_UNREACHABLE|CLUSTER_[A-Z]+|USAGE_LISTEN)\]/

/** How a case ended. */
export interface Ended {
  number: number
  words: string[]
  exitCode: number
  /** milliseconds */
  ms: number
  /** bytes that the process had at most, so far */
  memory: number
  /** the defect, where it ended as one */
  why?: string
  /** why it was not waited for any longer */
  cut?: string
}

export interface Batch {
  good: string
  /** a directory to work in */
  work: string
  kind: string
  seed: number
  from: number
  to: number
}

/**
 * Runs cases of one kind in processes, `together` in each and two processes at a time. A case that takes too long or too much is
 * tried again alone: what it takes then is its own, and not what the machine did else or other cases left. Ends early where
 * several do so even then.
 * @returns how each case ended, and which commands did not take what is good
 */
export async function runCases({ from, to, ...batch }: Batch): Promise<{ ended: Ended[]; unfit: string[] }> {
  const ended: Ended[] = []
  const unfit: string[] = []
  let next = from
  const alone = async (number: number) => await runChild({ ...batch, from: number, to: number + 1 }, unfit)
  const worker = async () => {
    while (next < to && ended.filter(isTooMuch).length < 3) {
      const [first, end] = [next, Math.min(to, next + together)]
      next = end
      for (let at = first; at < end; ) {
        const found = await runChild({ ...batch, from: at, to: end }, unfit)
        const last = found.at(-1)
        if (!last) throw new Error(`the process for cases ${at} to ${end} of ${batch.kind} did nothing`)
        for (let tries = 3; tries > 0 && isTooMuch(found.at(-1) as Ended); tries--)
          found.splice(-1, 1, ...(await alone(last.number)))
        ended.push(...found)
        at = last.number + 1
      }
    }
  }
  await Promise.all([worker(), worker()])
  return { ended, unfit }
}

export const isTooMuch = ({ ms, memory, cut }: Ended): boolean =>
  cut !== undefined || ms > most.ms || memory > most.memory

/** Bytes; none of a process that has just ended. */
function peakOf({ pid }: ChildProcess): number {
  try {
    return peakMemoryOf(pid as number)
  } catch {
    return 0
  }
}

/** One process, until its cases are done, or one of them has taken too much: that is the last one then. */
async function runChild({ good, work, kind, seed, from, to }: Batch, unfit: string[]): Promise<Ended[]> {
  const home = join(work, `of-${from}-${to}`)
  await mkdir(home, { recursive: true })
  const child = spawn(process.execPath, [program, good, home, kind, String(seed), String(from), String(to)], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    // none of what this machine has
    env: { PATH: process.env.PATH, HOME: home, ...environment, NODE_COMPILE_CACHE: join(work, 'compiled') },
  })
  const ended: Ended[] = []
  let running: { number: number; words: string[]; since: number } | undefined
  const cut = (why: string): void => {
    if (!running) return
    const { number, words, since } = running
    running = undefined
    ended.push({
      number,
      words,
      exitCode: -1,
      ms: performance.now() - since,
      memory: peakOf(child),
      cut: why,
    })
  }
  const watch = setInterval(() => {
    if (!running) return
    const isSlow = performance.now() - running.since > 2 * most.ms
    const peak = peakOf(child)
    if (!isSlow && peak < 4 * most.memory) return
    cut(isSlow ? `it has not ended after ${2 * most.ms} ms` : `it has taken ${peak} bytes, and goes on`)
    child.kill('SIGKILL')
  }, 250)
  // what it tells until it is killed is of cases that are tried again
  let isOver = false
  const lines = createInterface({ input: child.stdio[3] as Readable })
  lines.on('line', (line) => {
    if (isOver) return
    const told = JSON.parse(line)
    if (told.good) {
      if (told.exitCode !== 0 && !withoutNetwork.test(told.stderr)) unfit.push(`${told.good.join(' ')}: ${told.stderr}`)
    } else if (told.words) running = { ...told, since: performance.now() }
    else if (running) {
      ended.push({ ...told, words: running.words })
      running = undefined
      if (!isTooMuch(told)) return
      isOver = true
      child.kill('SIGKILL')
    }
  })
  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')])
  clearInterval(watch)
  if (running) cut(`the process ended: ${signal ?? code}`)
  await rm(home, { recursive: true, force: true })
  return ended
}
