import type { StageEvent, UpgradeSite } from './upgrade-site.ts'

/** Ends commands in every stage, one after the other: five minutes each. */
export const thorough = {
  timeout: 600_000,
  skip: process.env.SEALIFT_THOROUGH === '1' ? false : 'it takes minutes: SEALIFT_THOROUGH=1 npm test -- e2e upgrade',
}

/** milliseconds after their beginning at which stages that take longer are ended, in their middle; the others end at once */
const middles: Record<string, number> = {
  ...Object.fromEntries(
    ['pull', 'backup', 'proof', 'deploy', 'rollout', 'smoke', 'move', 'database-ready', 'volume-back'].map((stage) => [
      stage,
      500,
    ]),
  ),
  // Helm has changed the objects, and waits for their pods
  'chart-back': 4000,
}

/** Ends a command of a site by SIGKILL in each of its stages, of one direction, once, and runs it again until it ends by itself. */
export async function killedInEach(
  site: UpgradeSite,
  direction: 'forward' | 'back',
  words: readonly string[],
  between: (stage: string) => Promise<void> = async () => {},
) {
  const killed = new Set<string>()
  for (let round = 0; round < 30; round += 1) {
    let back = false
    let chosen: string | undefined
    const kill = ({ type, stage = '', unfinished }: StageEvent) => {
      back ||= type === 'stage-failed' || unfinished?.direction === 'back'
      const other = back !== (direction === 'back')
      if (type !== 'stage-start' || chosen !== undefined || other || killed.has(stage)) return undefined
      chosen = stage
      killed.add(stage)
      return middles[stage] ?? 0
    }
    const result = await site.runUntil(words, kill, 'state')
    if (result.exitCode !== -1) return { result, killed: [...killed] }
    await between(chosen ?? '')
  }
  throw new Error(`it does not end: killed in ${[...killed].join(', ')}`)
}

/**
 * Ends a command of a site by SIGKILL `times` times, each at a moment of its first `within` milliseconds that nobody chose, and
 * runs it again until it ends by itself.
 */
export async function killedAnyTime(
  site: UpgradeSite,
  words: readonly string[],
  { times, within }: { times: number; within: number },
) {
  const moments: string[] = []
  for (let round = 0; round < times; round += 1) {
    const moment = Math.round(Math.random() * within)
    let stage = ''
    let isChosen = false
    const kill = (event: StageEvent) => {
      if (event.type === 'stage-start') stage = event.stage ?? ''
      if (isChosen) return undefined
      isChosen = true
      return moment
    }
    const result = await site.runUntil(words, kill, 'state')
    if (result.exitCode !== -1) return { result, moments }
    moments.push(`${moment} ms (${stage})`)
  }
  return { result: await site.run(words, 'state'), moments }
}
