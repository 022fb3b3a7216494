import { namesSecret } from '../../../diagnose/redaction/secret-names.ts'
import { isRecord } from './field-path.ts'
import { planLimits } from './limits.ts'

const hidden = '(not shown)'

/** A value as text: a string as it is, anything else as JSON, without secrets in it, cut where it is long. */
export function shownValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value, withoutSecrets)
  return cut((text ?? '').replace(userInfo, '://…@'), planLimits.value)
}

/** Text with at most so many characters, and how many there are. */
export const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`

/** Whether the value of a field may not be shown, by the field's name and by that of the variable that it is of. */
export const isSecretField = (name: string, value: unknown, parent: unknown): boolean =>
  typeof value === 'string' &&
  (namesSecret(name) || (name === 'value' && isRecord(parent) && namesSecret(String(parent.name ?? ''))))

function withoutSecrets(this: unknown, name: string, value: unknown): unknown {
  return isSecretField(name, value, this) ? hidden : value
}

/** user and password in a URL */
const userInfo = /:\/\/[^\s/@:]{1,200}:[^\s/@]{1,200}@/g
