/** Shows the next page of a list below the first; nothing where there is none. */
export function ShowMore({ more }: { more: (() => unknown) | undefined }) {
  if (more === undefined) return null
  return (
    <div className="buttons">
      <button type="button" onClick={() => void more()}>
        Show more
      </button>
    </div>
  )
}
