import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"

/**
 * A modal dialog that is open as long as it is rendered: the browser keeps the focus inside, and Esc or a click beside
 * it asks to close it.
 */
export const Modal = ({
  kind,
  label,
  onClose,
  onClosed,
  children
}: {
  readonly kind: "panel" | "sheet"
  readonly label: string
  readonly onClose: () => void
  /** Called when it is gone and the focus is back where it was. */
  readonly onClosed?: () => void
  readonly children: ComponentChildren
}) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => {
      element?.close()
      onClosed?.()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      class={`modal ${kind}`}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return
        event.preventDefault()
        onClose()
      }}
    >
      <div class="modal-body">{children}</div>
    </dialog>
  )
}
