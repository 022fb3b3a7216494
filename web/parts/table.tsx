import type { ReactNode } from 'react'

/** A list with named columns; the last one, for what can be done, has a name that only screen readers say. */
export function Table({
  columns,
  actions = false,
  children,
}: {
  columns: readonly string[]
  actions?: boolean
  children: ReactNode
}) {
  return (
    <table className="list">
      <thead>
        <tr>
          {columns.map((column) => (
            <th scope="col" key={column}>
              {column}
            </th>
          ))}
          {actions && (
            <th scope="col">
              <span className="unseen">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  )
}
