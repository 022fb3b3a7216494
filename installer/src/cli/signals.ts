let controller: AbortController | undefined

/** A signal that aborts on the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export function interruption(): AbortSignal {
  if (controller) return controller.signal
  controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller?.abort())
  return controller.signal
}
