/**
 * Works through items in their order, at most `limit` of them at once. After a failure nothing more is begun.
 * @returns what became of each, in the order of the items
 * @throws what `work` throws first
 */
export async function atOnce<T, R>(limit: number, items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = [...items].entries()
  let failed = false
  const worker = async () => {
    for (const [i, item] of queue) {
      if (failed) return
      try {
        results[i] = await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
  return results
}
