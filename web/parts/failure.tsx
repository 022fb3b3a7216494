import { ApiFailure, type Refusal } from '../request.ts'
import { sentence } from './sentence.ts'

/** An error in the words of the API: what happened, why, and what helps. */
export function Failure({ error }: { error: unknown }) {
  if (error === undefined || error === null) return null
  const refusal: Refusal = error instanceof ApiFailure ? error.refusal : { code: 'INTERNAL', message: String(error) }
  return (
    <div className="failure" role="alert">
      <RefusalText of={refusal} />
    </div>
  )
}

/** What happened, why, what helps, and the code. */
export function RefusalText({ of: { code, message, why, fix } }: { of: Refusal }) {
  return (
    <div className="refusal">
      <p className="refusal-message">{sentence(message)}</p>
      {why !== undefined && <p>{sentence(why)}</p>}
      {fix !== undefined && <p>What helps: {fix}</p>}
      <p className="refusal-code">{code}</p>
    </div>
  )
}
