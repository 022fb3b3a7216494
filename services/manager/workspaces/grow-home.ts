import { ApiError } from '../errors.ts'
import { EngineRefusal, type WorkspaceEngine } from './engine.ts'

/**
 * Makes the disk of a workspace this large. Whether a storage class lets volumes grow only Kubernetes may know: it refuses
 * before it changes anything, and that refusal is the answer.
 * @throws ApiError 409 WORKSPACE_DISK_FIXED, 503 KUBERNETES_UNREACHABLE
 */
export async function growHome(engine: Pick<WorkspaceEngine, 'growHome'>, id: string, diskGiB: number): Promise<void> {
  try {
    await engine.growHome(id, diskGiB)
  } catch (error) {
    if (error instanceof EngineRefusal)
      throw new ApiError(409, 'WORKSPACE_DISK_FIXED', 'the disk cannot be made larger here', {
        why: error.message,
        fix: 'an administrator chooses a storage class with allowVolumeExpansion; or make a new workspace with a larger disk',
      })
    throw new ApiError(503, 'KUBERNETES_UNREACHABLE', 'Kubernetes does not answer', {
      fix: 'try again in a moment: asking twice does no harm',
      retryAfter: 5,
      cause: error,
    })
  }
}
