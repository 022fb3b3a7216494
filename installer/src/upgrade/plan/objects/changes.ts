import { planLimits } from './limits.ts'
import type { Change } from './object-plan.ts'
import { cut } from './shown-value.ts'

/** The characters that a plan may still spend on changes. */
export interface Budget {
  left: number
}

export const newBudget = (): Budget => ({ left: planLimits.text })

/** Collects the changes of one object, so many that they can be kept; those beyond are counted. */
export class Changes {
  readonly kept: Change[] = []
  more = 0
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  add({ path, ...change }: Change): void {
    const size = path.length + (change.from?.length ?? 0) + (change.to?.length ?? 0)
    if (this.kept.length >= planLimits.perObject || size > this.#budget.left) {
      this.more++
      return
    }
    this.#budget.left -= size
    this.kept.push({ path: cut(path, planLimits.path), ...change })
  }
}

/** As many of these as may be kept for one object, by their number and by what the plan may still spend. */
export function affordable<T>(all: readonly T[], budget: Budget): { kept: T[]; more: number } {
  const kept = all.slice(0, planLimits.perObject).filter((one) => {
    const size = JSON.stringify(one).length
    if (size > budget.left) return false
    budget.left -= size
    return true
  })
  return { kept, more: all.length - kept.length }
}
