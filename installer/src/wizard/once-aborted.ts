/** Calls back when a signal is aborted, at once where it is already. Returns what forgets about it. */
export function onceAborted(signal: AbortSignal, then: () => void): () => void {
  if (signal.aborted) then()
  else signal.addEventListener('abort', then, { once: true })
  return () => signal.removeEventListener('abort', then)
}
