import type { EmailAddress } from "@influscope/domain/messages/Contact"
import { NotDelivered, type OutgoingMessage } from "@influscope/ports/Delivery"
import * as Effect from "effect/Effect"
import MailComposer from "nodemailer/lib/mail-composer"

export interface Mail {
  readonly envelope: { readonly from: string; readonly to: string }
  readonly bytes: Buffer
}

const domainOf = (address: EmailAddress): string => address.slice(address.lastIndexOf("@") + 1)

/**
 * A message as mail. Addresses are plain ASCII, names and subjects one line: the composer encodes them, and nothing in them begins
 * a header. Files and addresses that a text may mention are never opened.
 */
export const composeMail = (
  message: OutgoingMessage,
  to: EmailAddress
): Effect.Effect<Mail, NotDelivered> => {
  const { content, id, sender, unsubscribeUrl } = message
  const composer = new MailComposer({
    from: { name: sender.name, address: sender.address },
    to: { name: "", address: to },
    ...(sender.replyTo === undefined ? {} : { replyTo: { name: "", address: sender.replyTo } }),
    messageId: `<${id}@${domainOf(sender.address)}>`,
    subject: content.subject,
    text: content.text,
    ...(content.html === null ? {} : { html: content.html }),
    headers: {
      "List-Unsubscribe": `<${unsubscribeUrl}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"
    },
    disableFileAccess: true,
    disableUrlAccess: true
  })
  return Effect.tryPromise({
    try: () => composer.compile().build(),
    catch: (cause) =>
      new NotDelivered({ reason: `it cannot be written as mail: ${String(cause)}`, again: "never" })
  }).pipe(Effect.map((bytes) => ({ envelope: { from: sender.address, to }, bytes })))
}
