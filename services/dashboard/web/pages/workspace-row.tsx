import type { Refusal } from '@sealift/web/request.ts'
import type { Workspace } from '../api.ts'
import { goTo } from '../location.ts'
import { Link } from '../parts/link.tsx'
import { More } from '../parts/more.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { idleness } from './auto-off.ts'
import { EditorLink } from './editor-link.tsx'

type Props = {
  workspace: Workspace
  /** the name of its image, where that still is one of the site */ image: string | undefined
  showOwner: boolean
  /** whether its code is theirs to change */ rebuilds: boolean
  onStart: () => void
  onStop: () => void
  onOpen: (dialog: 'change' | 'rebuild' | 'delete') => void
  /** whether editor and dev URLs are theirs to open */ own: boolean
  onEditorOff: (why: Refusal) => void
}

/** One workspace of the list. */
export function WorkspaceRow(props: Props) {
  const { workspace, image, showOwner, rebuilds, own, onStart, onStop, onOpen, onEditorOff } = props
  const { id, name, status, statusMessage, cpu, memoryGiB, diskGiB, gpus, owner, tag, autoOffMinutes } = workspace
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <span aria-live="polite">
          <StatusBadge status={status} />
        </span>
        {statusMessage !== undefined && <p className="status-message">{statusMessage}</p>}
      </td>
      <td className="size">
        {cpu} {cpu === 1 ? 'core' : 'cores'} · {memoryGiB} GiB · {diskGiB} GiB disk
        {gpus > 0 && ` · ${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}`}
        <p className="status-message">
          {[image, tag].filter((word) => word !== undefined && word !== null).join(' ')}
          {autoOffMinutes !== null && ` · off ${idleness(autoOffMinutes).toLowerCase()}`}
        </p>
      </td>
      {showOwner && <td>{owner.username}</td>}
      <td className="actions">
        {status === 'ON' && own && <EditorLink workspace={workspace} onOff={onEditorOff} />}
        {status === 'ON' && (
          <Link href={`/workspaces/${id}/terminal`} className="button" aria-label={`Open a terminal in ${name}`}>
            Terminal
          </Link>
        )}
        {status === 'OFF' ? (
          <button type="button" onClick={onStart} aria-label={`Start ${name}`}>
            Start
          </button>
        ) : (
          <button type="button" className="quiet" onClick={onStop} aria-label={`Stop ${name}`}>
            Stop
          </button>
        )}
        <More
          of={name}
          actions={[
            ...(!own ? [] : [{ word: 'Dev URLs', onChoose: () => goTo(`/workspaces/${id}/dev-urls`) }]),
            { word: 'Change', onChoose: () => onOpen('change') },
            ...(rebuilds ? [{ word: 'Rebuild', onChoose: () => onOpen('rebuild') }] : []),
            { word: 'Delete', danger: true, onChoose: () => onOpen('delete') },
          ]}
        />
      </td>
    </tr>
  )
}
