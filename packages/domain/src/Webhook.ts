import * as Schema from "effect/Schema"

const isWebhook = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  // Addresses are shown and logged, so they carry no password.
  if (username !== "" || password !== "") return false
  const isLoopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
  return protocol === "https:" || (protocol === "http:" && isLoopback)
}

/** Where something is posted. */
export const WebhookUrl = Schema.String.pipe(
  Schema.maxLength(2_000),
  Schema.filter(isWebhook, {
    message: () => "expected an https address without a password, or an http address of this machine"
  })
).annotations({ identifier: "WebhookUrl" })

/** What webhooks are signed with, written as Standard Webhooks has it: whsec_ and 24 to 62 bytes in base64. */
export const WebhookSecret = Schema.String.pipe(
  Schema.pattern(/^whsec_(?:[A-Za-z0-9+/]{4}){8,20}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, {
    message: () => "expected whsec_ and 24 to 62 bytes in base64; left out, one is made"
  })
)
