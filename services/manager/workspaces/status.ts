import type { Observation } from './engine.ts'

export type WorkspaceStatus = 'CREATING' | 'ON' | 'OFF' | 'FAILED' | 'UNKNOWN'

/** What a workspace's row says about its progress. */
export type Progress = {
  desired: 'on' | 'off' | 'deleted'
  applied: boolean
  /** whether all its objects, the home volume too, were there once */ homeMade: boolean
  failure: string | undefined
}

/** A home is never made anew by itself: nobody should find an empty one and work on in it, where a backup could be put back. */
const lostHome =
  'the volume of its home directory was deleted in the cluster. An administrator can restore it under the same name; ' +
  'else delete the workspace and make another'
const notes = {
  going:
    'somebody deleted the volume of its home directory in the cluster: it is there as long as the workspace runs. ' +
    'Copy what you need before it stops',
  growing: 'its disk has grown in the cluster; stop and start it to use the whole of it',
}

/** The status that people see: what was asked for, how far it got, and what the engine sees. */
export function statusOf(row: Progress, seen: Observation): { status: WorkspaceStatus; message: string | undefined } {
  if (row.failure !== undefined) return { status: 'FAILED', message: row.failure }
  if (seen.seen === 'unknown')
    return { status: row.applied ? 'UNKNOWN' : 'CREATING', message: 'Kubernetes does not answer at the moment' }
  if (row.homeMade && seen.seen === 'present' && seen.home === 'lost') return { status: 'FAILED', message: lostHome }
  if (seen.seen === 'absent') return { status: row.desired === 'on' ? 'CREATING' : 'OFF', message: undefined }
  if (row.desired === 'off')
    return seen.off ? { status: 'OFF', message: undefined } : { status: 'OFF', message: 'stopping' }
  if (seen.ready && !row.applied) return { status: 'CREATING', message: 'rebuilding' }
  if (seen.ready)
    return { status: 'ON', message: seen.home === 'going' || seen.home === 'growing' ? notes[seen.home] : undefined }
  if (seen.failure !== undefined) return { status: 'FAILED', message: seen.failure }
  return { status: 'CREATING', message: seen.progress }
}
