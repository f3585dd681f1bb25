import { render } from "preact"
import { installKeyboard } from "./Keyboard.ts"
import { Page } from "./Page.tsx"
import { start } from "./Store.ts"

const root = document.getElementById("root")
if (root !== null) {
  installKeyboard()
  start()
  render(<Page />, root)
}
