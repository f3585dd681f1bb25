import { useSignal } from "@preact/signals"
import { Modal } from "./Modal.tsx"
import { setToken, tokenWanted } from "./Token.ts"

/** Asks for the token that the server wants; `onToken` goes on with it. */
export const TokenDialog = ({ onToken }: { readonly onToken: () => void }) => {
  const text = useSignal("")
  const close = (): void => {
    tokenWanted.value = false
  }
  return (
    <Modal kind="sheet" label="Token" onClose={close}>
      <form
        class="token-form"
        onSubmit={(event) => {
          event.preventDefault()
          setToken(text.value)
          onToken()
        }}
      >
        <h2>This InfluScope asks for a token</h2>
        <p class="quiet">
          Whoever runs it gives you one. It is kept until this tab is closed, and sent to this server alone.
        </p>
        <label>
          Token
          <input
            type="password"
            name="token"
            autocomplete="off"
            spellcheck={false}
            required
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value
            }}
          />
        </label>
        <div class="actions">
          <button type="submit" class="button primary">
            Use it
          </button>
          <button type="button" class="button" onClick={close}>
            Not now
          </button>
        </div>
      </form>
    </Modal>
  )
}
