import type { ComponentChildren } from "preact"

const Icon = ({ children, name }: { readonly children: ComponentChildren; readonly name: string }) => (
  <svg
    class={`icon icon-${name}`}
    viewBox="0 0 24 24"
    width="20"
    height="20"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    {children}
  </svg>
)

export const SearchIcon = () => (
  <Icon name="search">
    <circle cx="11" cy="11" r="7" />
    <path d="m20 20-4-4" />
  </Icon>
)

export const CloseIcon = () => (
  <Icon name="close">
    <path d="M6 6l12 12M18 6L6 18" />
  </Icon>
)

export const SunIcon = () => (
  <Icon name="sun">
    <circle cx="12" cy="12" r="4" />
    <path d="M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4" />
  </Icon>
)

export const MoonIcon = () => (
  <Icon name="moon">
    <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" />
  </Icon>
)

export const FilterIcon = () => (
  <Icon name="filter">
    <path d="M4 7h16M7 12h10M10 17h4" />
  </Icon>
)

export const OutwardIcon = () => (
  <Icon name="outward">
    <path d="M8 16 16 8M9 8h7v7" />
  </Icon>
)

/** The mark beside the name of an account that its platform has verified. */
export const VerifiedMark = () => (
  <svg class="verified" viewBox="0 0 24 24" width="18" height="18" role="img" aria-label="Verified">
    <title>Verified by the platform</title>
    <path
      class="seal"
      d="m12 1.8 2.7 2 3.3-.2 1 3.2 2.8 1.9-1.2 3.1 1.2 3.1-2.8 1.9-1 3.2-3.3-.2-2.7 2-2.7-2-3.3.2-1-3.2-2.8-1.9 1.2-3.1L2.2 8.7 5 6.8l1-3.2 3.3.2z"
    />
    <path class="tick" d="m8 12 2.8 2.8L16.2 9.4" />
  </svg>
)
