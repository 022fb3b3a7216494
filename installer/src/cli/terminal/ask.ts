/** What is said below a prompt, as help; `<` goes back. */
export interface Asked {
  message: string
  help?: string | undefined
}

export interface TextAsked extends Asked {
  /** what an empty line stands for */
  fallback?: string | undefined
  /** Says what is wrong with a text, or nothing. */
  fault(text: string): Promise<string | undefined>
}

export interface ChoiceAsked<V> extends Asked {
  choices: readonly { value: V; name: string; help?: string | undefined }[]
  fallback?: V | undefined
}

/** What whoever is asked answers instead: go back to the question before. */
export const back = Symbol('back')
export type Back = typeof back

/** How people are asked on a terminal. Each rejects with an AbortError when the signal ends it. */
export interface Ask {
  text(asked: TextAsked, signal: AbortSignal): Promise<string | Back>
  choice<V>(asked: ChoiceAsked<V>, signal: AbortSignal): Promise<V | Back>
  /** Prints a line, or several. */
  say(text: string): void
}

/** What one types to go back. No path, name or number begins like this. */
export const backWord = '<'
