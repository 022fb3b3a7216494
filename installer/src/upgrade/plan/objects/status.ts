import { planLimits } from './limits.ts'
import { cut } from './shown-value.ts'

/** A reason of a refusal (Kubernetes API, StatusCause). */
export interface Cause {
  reason: string
  message: string
  field: string
}

/** What an API server says where it refuses something (Kubernetes API conventions, "Response Status Kind"). */
export interface Refusal {
  code: number
  message: string
  causes: Cause[]
}

/** causes that are read */
const most = 1000

/** Reads the answer of a refused request, whatever it is. */
export function refusalIn(code: number, text: string): Refusal {
  let status: { message?: unknown; details?: { causes?: unknown } } | null = null
  try {
    status = JSON.parse(text)
  } catch {
    // a proxy's own page
  }
  const causes = status?.details?.causes
  return {
    code,
    message: String(status?.message ?? text),
    causes: (Array.isArray(causes) ? causes : []).slice(0, most).map((cause) => ({
      reason: String(cause?.reason ?? ''),
      message: String(cause?.message ?? ''),
      field: String(cause?.field ?? ''),
    })),
  }
}

/** A refusal in a line. The values that API servers quote are left out: they may be secret, and the plan shows what differs. */
export function describeRefusal({ code, message, causes }: Refusal): string {
  const said =
    causes.length === 0
      ? message
      : causes.map(({ field, message: why }) => `${field === '' ? '' : `${field}: `}${withoutValue(why)}`).join('; ')
  return cut(said.split('\n')[0] || `status ${code}`, planLimits.refusal)
}

/** `Invalid value: {…}: field is immutable` without the value (Kubernetes, apimachinery, validation/field/errors.go). */
const withoutValue = (message: string): string =>
  message.replace(/^(Invalid|Duplicate|Unsupported) value: .*: (?=[^:]*$)/s, '').replace(/^Forbidden: /, '')
