import { useSignal } from "@preact/signals"

const initial = (label: string): string => {
  const letter = [...label].find((character) => /[\p{L}\p{N}]/u.test(character))
  return letter?.toUpperCase() ?? "?"
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
  return (
    <span class={`avatar avatar-${size}`} aria-hidden="true">
      {url === null || broken.value === url ? (
        initial(label)
      ) : (
        <img
          src={url}
          alt=""
          width={size}
          height={size}
          loading="lazy"
          decoding="async"
          onError={() => {
            broken.value = url
          }}
        />
      )}
    </span>
  )
}
