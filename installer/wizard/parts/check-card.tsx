import { Badge, type Tone } from '@sealift/web/parts/badge.tsx'
import { Confirm } from '@sealift/web/parts/confirm.tsx'
import { useState } from 'react'
import { answerAt } from '../../src/answers/draft.ts'
import type { CheckResult } from '../../src/checks/check.ts'
import { useSession } from '../session/session.ts'
import { Command } from './command.tsx'

function stateOf({ state, level }: CheckResult): [Tone, string] {
  switch (state) {
    case 'failed':
      return level === 'error' ? ['bad', 'Error'] : ['warn', 'Warning']
    case 'passed':
      return ['good', 'Holds']
    case 'ignored':
      return ['warn', 'Ignored']
    case 'skipped':
      return ['idle', 'Not tried']
    case 'running':
      return ['busy', 'Looking']
    case 'waiting':
      return ['idle', 'Waiting']
  }
}

/** One check: what was found and needed, why it matters, what helps, and whether it may be ignored. */
export function CheckCard({ check }: { check: CheckResult }) {
  const { view } = useSession()
  const { id, title, protects, why, state, found, needed, fix, code } = check
  const [tone, word] = stateOf(check)
  const wrong = state === 'failed' || state === 'ignored'
  const stage = view.stages.find((one) => one.id === protects)?.title
  return (
    <li className={`check-card check-${tone}`} id={`check-${id}`} tabIndex={-1}>
      <div className="check-head">
        <h2>{title}</h2>
        <Badge tone={tone}>{word}</Badge>
      </div>
      <dl>
        <Fact name="Found" text={found} />
        {wrong && <Fact name="Needed" text={needed} />}
        {wrong && <Fact name="Why" text={why} />}
        {wrong && <Fact name="Protects" text={stage ?? `the stage ${protects}`} />}
      </dl>
      {wrong && fix !== undefined && (
        <>
          <p className="helps">What helps</p>
          <Command text={fix} name={`what helps against: ${title}`} />
        </>
      )}
      {wrong && (
        <p className="refusal-code">
          {id}
          {code !== undefined && ` · ${code}`}
        </p>
      )}
      <Ignore check={check} />
    </li>
  )
}

function Fact({ name, text }: { name: string; text: string | undefined }) {
  if (text === undefined || text === '') return null
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  )
}

/** Ignoring is an answer like others: it stands in the file, and in the receipt. */
function Ignore({ check: { id, title, state, level, strict, why } }: { check: CheckResult }) {
  const { draft, editable, answer, flush } = useSession()
  const [asking, setAsking] = useState(false)
  const answered = answerAt(draft, '/ignore')
  const ignored = Array.isArray(answered) ? answered.map(String) : []
  const set = async (next: string[]): Promise<void> => {
    answer('/ignore', next.length > 0 ? next : null)
    await flush()
  }
  if (state === 'failed' && strict && level === 'error')
    return <p className="hint">This one cannot be ignored: what would be lost is not yours alone.</p>
  if (!editable) return null
  if (ignored.includes(id))
    return (
      <button type="button" className="quiet" onClick={() => void set(ignored.filter((one) => one !== id))}>
        Do not ignore<span className="unseen"> {title}</span>
      </button>
    )
  if (state !== 'failed' || level !== 'error') return null
  return (
    <>
      <button type="button" className="quiet danger" onClick={() => setAsking(true)}>
        Ignore…<span className="unseen"> {title}</span>
      </button>
      {asking && (
        <Confirm
          title="Ignore this check?"
          submit="Ignore"
          onClose={() => setAsking(false)}
          onConfirm={() => set([...ignored, id])}
        >
          <p>
            <strong>{title}</strong>
          </p>
          <p>{why}</p>
          <p>
            It is written into the answers and into the receipt of the installation that you chose to go on without it.
          </p>
        </Confirm>
      )}
    </>
  )
}
