import type { Refusal } from '@sealift/web/request.ts'
import type { Workspace } from '../api.ts'

type Props = {
  workspace: Workspace
  /** Tells why this site has no editors. */ onOff: (why: Refusal) => void
}

/** Opens the editor at its own address, in a tab of its own that cannot reach back into this one. */
export function EditorLink({ workspace: { name, editorUrl, editorOff }, onOff }: Props) {
  const label = `Open the editor of ${name}`
  if (editorUrl !== null)
    return (
      <a href={editorUrl} target="_blank" rel="noopener noreferrer" className="button" aria-label={label}>
        Editor
      </a>
    )
  if (editorOff === undefined) return null
  return (
    <button
      type="button"
      aria-disabled
      aria-label={label}
      title={`${editorOff.message}: ${editorOff.fix}`}
      onClick={() => onOff(editorOff)}
    >
      Editor
    </button>
  )
}
