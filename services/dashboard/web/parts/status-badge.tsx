import { Badge, type Tone } from '@sealift/web/parts/badge.tsx'
import type { WorkspaceStatus } from '../api.ts'

const words: Record<WorkspaceStatus, [Tone, string]> = {
  CREATING: ['busy', 'Starting'],
  ON: ['good', 'On'],
  OFF: ['idle', 'Off'],
  FAILED: ['bad', 'Failed'],
  UNKNOWN: ['idle', 'Unknown'],
}

/** A workspace's status. */
export function StatusBadge({ status }: { status: WorkspaceStatus }) {
  const [tone, word] = words[status]
  return <Badge tone={tone}>{word}</Badge>
}
