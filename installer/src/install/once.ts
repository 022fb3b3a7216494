/** Makes a value when it is first asked for; one that failed is tried anew. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    if (!made) {
      const value = make()
      made = { value }
      if (value instanceof Promise)
        value.catch(() => {
          made = undefined
        })
    }
    return made.value
  }
}
