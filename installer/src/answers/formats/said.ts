/** What is wrong with an answer, in words for whoever gave it; both texts make sense beside the field and behind its name. */
export interface Said {
  /** "it has upper-case letters" */
  message: string
  /** what to write instead, or what the field is for */
  fix?: string
}

/** Offers what was probably meant, where that would be taken; otherwise says what is. */
export function meant(guess: string, text: string, isGood: (guess: string) => boolean, otherwise: string): string {
  return guess !== text && isGood(guess) ? `did you mean "${guess}"?` : otherwise
}

/** The first that holds of what can be said of a text. */
export const firstOf = (text: string, sayings: readonly (readonly [RegExp, string])[]): string | undefined =>
  sayings.find(([pattern]) => pattern.test(text))?.[1]
