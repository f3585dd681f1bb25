import { problemContentType } from "@influscope/domain/api/Problems"

const titles = {
  "invalid-request": [400, "The request is not valid"],
  "not-found": [404, "There is no such thing"],
  "method-not-allowed": [405, "The method is not allowed here"],
  "payload-too-large": [413, "The request body is too large"],
  "rate-limited": [429, "Too many requests"],
  "internal-error": [500, "Something went wrong"],
  unavailable: [503, "The service is down"]
} as const

/** An RFC 9457 answer. `detail` says what to do. */
export const problem = (
  slug: keyof typeof titles,
  detail: string,
  headers: Readonly<Record<string, string>> = {}
): Response => {
  const [status, title] = titles[slug]
  return Response.json(
    { type: `urn:mockstagram:problem:${slug}`, title, status, detail },
    { status, headers: { ...headers, "content-type": problemContentType } }
  )
}
