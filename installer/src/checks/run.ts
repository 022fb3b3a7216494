import { setTimeout as wait } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { InstallContext } from '../install/context.ts'
import { printable } from '../printable.ts'
import type { Check, CheckResult, Finding } from './check.ts'

export interface CheckRun {
  /** ids of checks that may fail */
  ignore: readonly string[]
  /** Called when a check starts, waits for something, and ends. */
  emit(result: CheckResult): void
  signal: AbortSignal
}

/** How a check ended, and the failure as it is thrown where it stops an installation. */
export interface CheckOutcome {
  result: CheckResult
  error?: SealiftError
}

/** milliseconds: a check's time by default, and what it may take after its end to remove what it made */
const limits = { check: 30_000, farewell: 20_000 }
/** checks that run at once; they wait much and work little */
const lanes = 16

/** A check that has not begun. */
export const waiting = ({ id, title, protects, why, level, strict }: Check): CheckResult => ({
  ...{ id, title, protects, why, level, strict: strict === true, state: 'waiting' },
})

/**
 * Runs checks at once, each as soon as those that it comes after have ended; one whose ground did not hold is skipped. An
 * `after` that is not among them counts as held. A failure that two share stops at the first, and the other is skipped. No finding is thrown, not even a defect of a check. The outcomes are in
 * the order of the checks.
 * @throws the reason of the signal
 */
export async function runChecks(
  checks: readonly Check[],
  context: InstallContext,
  { ignore, emit, signal }: CheckRun,
): Promise<CheckOutcome[]> {
  const lane = lanesOf(lanes)
  /** what stops an installation already, by the check that told it: what several need is made once, and fails once */
  const told = new Map<SealiftError, Check>()
  const running = new Map<string, Promise<CheckOutcome>>()
  for (const check of checks) {
    const before = (check.after ?? []).flatMap((id) => running.get(id) ?? [])
    running.set(check.id, after(check, before))
  }
  const outcomes = await Promise.all(running.values())
  signal.throwIfAborted()
  return outcomes

  async function after(check: Check, before: readonly Promise<CheckOutcome>[]): Promise<CheckOutcome> {
    const broken = (await Promise.all(before)).map(({ result }) => result).find((result) => !holds(result))
    if (broken) {
      // what was skipped itself has said why
      const found = broken.state === 'skipped' ? broken.found : `not tried without: ${broken.title}`
      const result: CheckResult = { ...waiting(check), state: 'skipped', ...(found === undefined ? {} : { found }) }
      emit(result)
      return { result }
    }
    return await lane(() => one(check))
  }

  async function one(check: Check): Promise<CheckOutcome> {
    const started = Date.now()
    const running: CheckResult = { ...waiting(check), state: 'running' }
    emit(running)
    const ended = await look(check, context, signal, (what) => emit({ ...running, found: printable(what) }))
    const outcome = outcomeOf(check, once(ended), ignore.includes(check.id), Date.now() - started)
    if (ended instanceof SealiftError && outcome.result.state === 'failed' && outcome.result.level === 'error')
      told.set(ended, check)
    emit(outcome.result)
    return outcome
  }

  function once(ended: Finding | SealiftError): Finding | SealiftError {
    const first = ended instanceof SealiftError ? told.get(ended) : undefined
    if (!(ended instanceof SealiftError) || !first) return ended
    return { state: 'skipped', found: `for the same reason as ${first.id}: ${ended.message}` }
  }
}

/** Whether what a check protects can be counted on: what only warns does not stand in the way of others. */
const holds = ({ state, level }: CheckResult): boolean =>
  state === 'passed' || (level === 'warning' && (state === 'failed' || state === 'ignored'))

/** Runs one check within its time. */
async function look(
  check: Check,
  context: InstallContext,
  signal: AbortSignal,
  say: (what: string) => void,
): Promise<Finding | SealiftError> {
  const { limit = limits.check } = check
  const late = new AbortController()
  const ended = new AbortController()
  const timer = setTimeout(() => late.abort(), limit)
  const own = AbortSignal.any([signal, late.signal])
  const cluster = () => context.cluster().until(own)
  try {
    return await Promise.race([check.run({ ...context, signal: own, cluster }, say), farewell(own, ended.signal)])
  } catch (error) {
    if (late.signal.aborted && !signal.aborted)
      return new SealiftError('CLUSTER_CHECK_TIMEOUT', `"${check.title}" could not be told in ${limit / 1000} s`, {
        why: 'what it asks or tries does not answer in time',
        fix: `see whether the cluster is busy or its API slow: kubectl${flagsOf(context)} get --raw '/readyz?verbose'`,
      })
    // what only warns is not worth a right of its own
    if (error instanceof SealiftError && error.code === 'CLUSTER_FORBIDDEN' && check.level === 'warning')
      return { state: 'skipped', found: error.message }
    if (error instanceof SealiftError) return error
    return new SealiftError(
      'INTERNAL_CHECK',
      `the check ${check.id} is broken: ${(error as Error)?.message ?? error}`,
      {
        fix: `please report it${check.strict ? '' : `; to go on without it: ignore: [${check.id}] in the answers`}`,
        cause: error,
      },
    )
  } finally {
    clearTimeout(timer)
    ended.abort()
  }
}

/** Fails some time after a signal, for a check that does not listen to it. */
async function farewell(signal: AbortSignal, ended: AbortSignal): Promise<never> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true, signal: ended })
  })
  await wait(limits.farewell, undefined, { signal: ended })
  throw signal.reason
}

function flagsOf(context: InstallContext): string {
  try {
    return context.cluster().flags
  } catch {
    return ''
  }
}

function outcomeOf(check: Check, ended: Finding | SealiftError, ignored: boolean, ms: number): CheckOutcome {
  if (ended instanceof SealiftError) {
    const { code, message, why, fix } = ended
    const found = why === undefined ? message : `${message}: ${why}`
    const finding = { state: 'failed', code, found, needed: check.title, fix: fix ?? '' } as const
    return { result: resultOf(check, finding, ignored, ms), error: ended }
  }
  const result = resultOf(check, ended, ignored, ms)
  if (ended.state !== 'failed') return { result }
  const { code, found, needed, fix } = ended
  return { result, error: new SealiftError(code, found, { why: `needed: ${needed}. ${check.why}`, fix }) }
}

function resultOf(check: Check, finding: Finding, ignored: boolean, ms: number): CheckResult {
  const found = printable(finding.found)
  if (finding.state !== 'failed') return { ...waiting(check), state: finding.state, found, ms }
  const { code, level = check.level, needed, fix } = finding
  const state = ignored && !check.strict ? 'ignored' : 'failed'
  return { ...waiting(check), state, level, code, found, needed: printable(needed), fix: printable(fix), ms }
}

/** Lets at most `count` pieces of work run at once. */
function lanesOf(count: number) {
  let free = count
  const queue: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => queue.push(resolve))
    try {
      return await work()
    } finally {
      const next = queue.shift()
      if (next) next()
      else free++
    }
  }
}
