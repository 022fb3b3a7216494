import type { Observation } from './engine.ts'

export type WorkspaceStatus = 'CREATING' | 'ON' | 'OFF' | 'FAILED' | 'UNKNOWN'

/** What a workspace's row says about its progress. */
export type Progress = { desired: 'on' | 'off' | 'deleted'; applied: boolean; failure: string | undefined }

/** The status that people see: what was asked for, how far it got, and what the engine sees. */
export function statusOf(row: Progress, seen: Observation): { status: WorkspaceStatus; message: string | undefined } {
  if (row.failure !== undefined) return { status: 'FAILED', message: row.failure }
  if (seen.seen === 'unknown')
    return { status: row.applied ? 'UNKNOWN' : 'CREATING', message: 'Kubernetes does not answer at the moment' }
  if (seen.seen === 'absent') return { status: row.desired === 'on' ? 'CREATING' : 'OFF', message: undefined }
  if (row.desired === 'off')
    return seen.off ? { status: 'OFF', message: undefined } : { status: 'OFF', message: 'stopping' }
  if (seen.ready && !row.applied) return { status: 'CREATING', message: 'rebuilding' }
  if (seen.ready) return { status: 'ON', message: undefined }
  if (seen.failure !== undefined) return { status: 'FAILED', message: seen.failure }
  return { status: 'CREATING', message: seen.progress }
}
