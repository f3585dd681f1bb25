import type { OutgoingMessage } from "@influscope/ports/Delivery"

/** A message as programs get it: the same for every attempt. */
export const messageBody = ({ content, id, sender, to, unsubscribeUrl }: OutgoingMessage) => ({
  id,
  from: sender,
  to,
  ...content,
  unsubscribeUrl
})
