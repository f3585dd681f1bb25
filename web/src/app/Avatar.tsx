import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { fetchBlob, hasToken } from "./Token.ts"

const initial = (label: string): string => {
  const letter = [...label].find((character) => /[\p{L}\p{N}]/u.test(character))
  return letter?.toUpperCase() ?? "?"
}

/** Where the picture comes from: the API's address, or a copy in memory where the API wants a token for it. */
const useSource = (url: string | null): string | undefined => {
  const copy = useSignal<string | undefined>(undefined)
  useEffect(() => {
    if (url === null || !hasToken()) return
    let address: string | undefined
    let gone = false
    void fetchBlob(url).then((blob) => {
      if (gone || blob === undefined) return
      address = URL.createObjectURL(blob)
      copy.value = address
    })
    return () => {
      gone = true
      if (address !== undefined) URL.revokeObjectURL(address)
    }
  }, [url])
  return hasToken() ? copy.value : (url ?? undefined)
}

/** The picture of an account, or its initial where there is none or it does not load. `size` is in CSS pixels. */
export const Avatar = ({
  url,
  label,
  size
}: {
  readonly url: string | null
  readonly label: string
  readonly size: 48 | 72
}) => {
  const broken = useSignal<string | undefined>(undefined)
  const source = useSource(url)
  return (
    <span class={`avatar avatar-${size}`} aria-hidden="true">
      {source === undefined || broken.value === url ? (
        initial(label)
      ) : (
        <img
          src={source}
          alt=""
          width={size}
          height={size}
          loading="lazy"
          decoding="async"
          onError={() => {
            broken.value = url ?? undefined
          }}
        />
      )}
    </span>
  )
}
