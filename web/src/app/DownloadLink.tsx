import type { ComponentChildren } from "preact"
import { fetchBlob, hasToken } from "./Token.ts"

/** The browser follows a link without our token: where one is needed, the page gets the file and hands it over. */
const save = async (path: string, name: string): Promise<void> => {
  const blob = await fetchBlob(path)
  if (blob === undefined) return
  const address = URL.createObjectURL(blob)
  const link = document.createElement("a")
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}

/** A link to something of the API. `name` is what the file is called where the page saves it itself. */
export const DownloadLink = ({
  children,
  href,
  name,
  ...others
}: {
  readonly children: ComponentChildren
  readonly href: string
  readonly name: string
  readonly class?: string
  readonly target?: string
  readonly rel?: string
  readonly download?: string
}) => (
  <a
    {...others}
    href={href}
    onClick={(event) => {
      if (!hasToken()) return
      event.preventDefault()
      void save(href, name)
    }}
  >
    {children}
  </a>
)
