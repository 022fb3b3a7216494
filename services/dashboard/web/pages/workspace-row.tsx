import type { Workspace } from '../api.ts'
import { goTo } from '../location.ts'
import { Link } from '../parts/link.tsx'
import { More } from '../parts/more.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { idleness } from './auto-off.ts'

type Props = {
  workspace: Workspace
  /** the name of its image, where that still is one of the site */ image: string | undefined
  showOwner: boolean
  /** whether its code is theirs to change */ rebuilds: boolean
  onStart: () => void
  onStop: () => void
  onOpen: (dialog: 'change' | 'rebuild' | 'delete') => void
  /** undefined: the editor is not theirs to open */ onEdit: (() => void) | undefined
}

/** One workspace of the list. */
export function WorkspaceRow({ workspace, image, showOwner, rebuilds, onStart, onStop, onOpen, onEdit }: Props) {
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
        {status === 'ON' && onEdit !== undefined && (
          <button type="button" onClick={onEdit} aria-label={`Open the editor of ${name}`}>
            Editor
          </button>
        )}
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
            ...(onEdit === undefined ? [] : [{ word: 'Dev URLs', onChoose: () => goTo(`/workspaces/${id}/dev-urls`) }]),
            { word: 'Change', onChoose: () => onOpen('change') },
            ...(rebuilds ? [{ word: 'Rebuild', onChoose: () => onOpen('rebuild') }] : []),
            { word: 'Delete', danger: true, onChoose: () => onOpen('delete') },
          ]}
        />
      </td>
    </tr>
  )
}
