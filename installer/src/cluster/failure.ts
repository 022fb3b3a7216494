import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** Who is asked, for the sentences and commands of an error. */
export interface Target {
  /** `https://10.0.0.1:6443` */
  server: string
  /** flags that make kubectl ask the same server: ` --kubeconfig FILE --context NAME` */
  flags: string
}

const tlsCode = /^(ERR_TLS_|ERR_SSL_|CERT_|EPROTO$|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$)/

/**
 * Turns whatever the Kubernetes client threw into an error with a code: CLUSTER_UNREACHABLE (no answer), CLUSTER_TLS (an
 * answer that is not to be trusted), CLUSTER_UNAUTHORIZED (401), CLUSTER_FORBIDDEN (403), CLUSTER_DELETING (403 as
 * well: the namespace goes), CLUSTER_REQUEST (any other refusal). `doing` completes "could not …".
 */
export function clusterFailure(cause: unknown, doing: string, { server, flags }: Target): SealiftError {
  if (cause instanceof SealiftError) return cause
  const status = statusOf(cause)
  if (status === 401)
    return new SealiftError('CLUSTER_UNAUTHORIZED', `${server} does not accept the credentials of the kubeconfig`, {
      why: `could not ${doing}: ${statusMessage(cause)}`,
      fix: `get fresh credentials, then check: kubectl${flags} auth whoami`,
      cause,
    })
  if (status === 403 && isTerminating(cause))
    return new SealiftError('CLUSTER_DELETING', `could not ${doing}: the namespace is being deleted`, {
      why: statusMessage(cause),
      fix: `run the command again once it is gone: kubectl${flags} get namespaces`,
      cause,
    })
  if (status === 403)
    return new SealiftError('CLUSTER_FORBIDDEN', `${server} does not allow this user to ${doing}`, {
      why: statusMessage(cause),
      fix: `ask the cluster's administrator, then check: kubectl${flags} auth can-i --list`,
      cause,
    })
  if (status !== undefined)
    return new SealiftError('CLUSTER_REQUEST', `could not ${doing}`, {
      why: `${server} answered ${status}: ${statusMessage(cause)}`,
      fix: `see what the cluster says: kubectl${flags} get events -A --sort-by=.lastTimestamp`,
      cause,
    })
  const code = networkCode(cause)
  if (code !== undefined && tlsCode.test(code))
    return new SealiftError('CLUSTER_TLS', `the TLS connection to ${server} is not to be trusted`, {
      why: `could not ${doing}: ${innermost(cause).message} (${code})`,
      fix: `put the CA that signed the server's certificate into certificate-authority-data of the kubeconfig, then check: kubectl${flags} cluster-info`,
      cause,
    })
  return new SealiftError('CLUSTER_UNREACHABLE', `the Kubernetes API at ${server} does not answer`, {
    why: `could not ${doing}: ${innermost(cause).message}${code === undefined ? '' : ` (${code})`}`,
    fix: `check the address and the way there: kubectl${flags} cluster-info`,
    cause,
  })
}

/** The HTTP status that the API server answered with; undefined where it did not answer. */
export function statusOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'number' ? code : undefined
}

/** True for failures that another attempt may not meet: connections cut, a server that restarts or is too busy. */
export function isTransient(error: unknown): boolean {
  const status = statusOf(error)
  if (status !== undefined) return status === 429 || status === 503 || status === 504
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'UND_ERR_SOCKET'].includes(networkCode(error) ?? '')
}

/** The message of a Status object, or the start of the body. */
function statusMessage(error: unknown): string {
  const body = statusBody(error)
  if (typeof body === 'string') return body.slice(0, 300)
  return typeof body?.message === 'string' ? body.message.slice(0, 1000) : 'without a reason'
}

/** Whether something was refused because it would be put into a namespace that is being deleted. */
function isTerminating(error: unknown): boolean {
  const body = statusBody(error)
  return typeof body === 'object' && !!body?.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating')
}

/** As much of a Status object as is read (Kubernetes API conventions, "Response Status Kind"). */
interface Status {
  message?: unknown
  details?: { causes?: { reason?: unknown }[] }
}

/** What the API server answered; text where it is not JSON. */
function statusBody(error: unknown): Status | string | null | undefined {
  const { body } = error as { body?: Status | string }
  if (typeof body !== 'string') return body
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

function networkCode(error: unknown): string | undefined {
  for (let at = error as { code?: unknown; cause?: unknown; errors?: unknown[] } | undefined, i = 0; at && i < 8; i++) {
    if (typeof at.code === 'string') return at.code
    at = (at.cause ?? at.errors?.[0]) as typeof at
  }
  return undefined
}

function innermost(error: unknown): Error {
  let at = error as Error & { errors?: Error[] }
  for (let i = 0; i < 8; i++) {
    const next = (at.cause ?? at.errors?.[0]) as typeof at | undefined
    if (!(next instanceof Error)) break
    at = next
  }
  return at
}
