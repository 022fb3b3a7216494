export type Tone = 'good' | 'busy' | 'bad' | 'warn' | 'idle'

/** A state as a word and a color; the word alone says it all. */
export function Badge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={`badge badge-${tone}`}>
      <span className="badge-dot" aria-hidden="true" />
      {children}
    </span>
  )
}
