import { Badge, type Tone } from '@sealift/web/parts/badge.tsx'
import { useEffect, useState } from 'react'
import { duration } from '../../src/amounts.ts'
import type { StageView } from '../../src/wizard/view.ts'
import { pace } from '../pages/pace.ts'
import { machineTime } from '../session/clock.ts'

const words: Readonly<Record<StageView['state'], [Tone, string]>> = {
  waiting: ['idle', 'Waiting'],
  running: ['busy', 'Running'],
  done: ['good', 'Done'],
  skipped: ['good', 'In place'],
  failed: ['bad', 'Failed'],
}

/** All stages of the installation, each with how it stands. */
export function StageList({ stages }: { stages: readonly StageView[] }) {
  return (
    <ol className="stages">
      {stages.map((stage) => (
        <li key={stage.id} className={`stage stage-${stage.state}`}>
          <span className="stage-title">{stage.title}</span>
          <Badge tone={words[stage.state][0]}>{words[stage.state][1]}</Badge>
          {stage.state === 'running' ? (
            <Running stage={stage} />
          ) : (
            <span className="size">{stage.why ?? took(stage)}</span>
          )}
        </li>
      ))}
    </ol>
  )
}

/** How long a stage took, where that is worth a word. */
const took = ({ ms = 0 }: StageView): string => (ms < 100 ? '' : duration(ms))

/** The one that runs; its clock ticks while no event comes. */
function Running({ stage: { title, startedAt, progress } }: { stage: StageView }) {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((so) => so + 1), 1_000)
    return () => clearInterval(timer)
  }, [])
  const passed = startedAt === undefined ? '' : duration(Math.max(0, machineTime() - startedAt))
  if (progress === undefined) return <span className="size">{passed}</span>
  return (
    <>
      <span className="size">{passed}</span>
      <div className="stage-progress">
        <progress max={progress.total} value={progress.done} aria-label={title} />
        <span className="size">{pace(progress, machineTime())}</span>
      </div>
    </>
  )
}
