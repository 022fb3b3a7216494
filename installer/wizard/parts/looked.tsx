import { Badge } from '@sealift/web/parts/badge.tsx'
import { RefusalText } from '@sealift/web/parts/failure.tsx'
import type { Looked as Found, Look } from '../../src/wizard/view.ts'
import { useSession } from '../session/session.ts'

const words: Readonly<Record<Look, { title: string; verb: string }>> = {
  bundle: { title: 'What is in the bundle', verb: 'Look into the bundle' },
  license: { title: 'What the license says', verb: 'Read the license' },
  cluster: { title: 'What is in the cluster', verb: 'Look at the cluster' },
  registry: { title: 'What the registry answers', verb: 'Test the registry' },
  certificate: { title: 'What the certificate says', verb: 'Check the certificate' },
  names: { title: 'Where the names lead', verb: 'Look the names up' },
  database: { title: 'What the database answers', verb: 'Test the database' },
}
const states = {
  looking: ['busy', 'Looking'],
  good: ['good', 'Good'],
  bad: ['bad', 'Not good'],
} as const

/** What was found where the answers lead, and a button to look (again). */
export function Looked({ of }: { of: Look }) {
  const { view, editable, flush, look } = useSession()
  const found = view.looks[of]
  const { title, verb } = words[of]
  if (found === undefined && !editable) return null
  return (
    <section className="looked" aria-label={title}>
      <div className="title">
        <h2>{title}</h2>
        {found !== undefined && <Badge tone={states[found.state][0]}>{states[found.state][1]}</Badge>}
        {editable && (
          <button
            type="button"
            aria-disabled={found?.state === 'looking'}
            onClick={() => {
              if (found?.state !== 'looking') void flush().then(() => look(of))
            }}
          >
            {found === undefined || found.state === 'looking' ? verb : `${verb} again`}
          </button>
        )}
      </div>
      {/* what is found is read out when it is there, not on the way */}
      <div aria-live="polite" aria-busy={found?.state === 'looking'}>
        {found !== undefined && <Facts of={found} />}
      </div>
    </section>
  )
}

function Facts({ of: { facts, failure } }: { of: Found }) {
  return (
    <>
      {failure !== undefined && (
        <div className="failure">
          <RefusalText of={failure} />
        </div>
      )}
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(({ label, text, bad = false }) => (
            <div key={`${label} ${text}`} className={bad ? 'fact-bad' : ''}>
              <dt>{label}</dt>
              <dd>
                {bad && <span className="unseen">Not good: </span>}
                {text}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  )
}
