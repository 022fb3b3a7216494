/** The mark with the product's name. */
export function Mark({ name }: { name: string }) {
  return (
    <span className="mark">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="7" className="mark-tile" />
        <path d="M9 11l5 5-5 5M17 21h7" className="mark-prompt" />
      </svg>
      {name}
    </span>
  )
}
