import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/** Where the whole of it in one process answers. */
export interface Addresses {
  readonly api: string
  readonly users: string
}

const post = (url: string, body: unknown) =>
  Effect.promise(async () => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body)
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${text}`)
    return text === "" ? undefined : JSON.parse(text)
  })

const get = (url: string) => Effect.promise(() => fetch(url).then((response) => response.text()))

const csv = "Handle,Platform,Name,Followers\n@measured,Instagram,Zadie Quill,12.3k\n,Instagram,Nobody,1\n"

/** What there is to do with, once. */
export const prepare = ({ api }: Addresses) =>
  Effect.gen(function* () {
    yield* post(`${api}/v1/tracking`, { ids: ["1000001", "1000002", "1000003"], interval: 1 })
    const people = Array.from({ length: 20 }, (_, number) => ({
      platform: "instagram",
      handle: `measured${number}`,
      name: `Name ${number}`,
      bio: "Slow travel.",
      followers: 12_000
    }))
    yield* post(`${api}/v1/profiles`, { profiles: people })
    const template = yield* post(`${api}/v1/templates`, {
      name: "Hello",
      subject: "Hello",
      text: "{{unsubscribeUrl}}"
    })
    const { id } = yield* post(`${api}/v1/conversations`, { participants: ["bob"], title: "Winter" })
    return { template: template.id, conversation: id }
  })

/** A bit of everything that a dashboard shows, for as long as the scope is open. */
export const flow = ({ api, users }: Addresses) =>
  Effect.gen(function* () {
    const { conversation, template } = yield* prepare({ api, users })
    let round = 0
    const once = Effect.suspend(() => {
      round += 1
      const word = createHash("sha256").update(String(round)).digest("hex").slice(0, 12)
      const message = {
        id: `youtube:${word}`,
        author: "youtube:measured",
        publishedAt: "2026-01-01",
        title: word
      }
      const campaign = {
        name: `Winter ${word}`,
        template,
        channel: "file",
        sender: { name: "Jo", address: "jo@acme.example" },
        audience: { kind: "people", people: [{ id: `instagram:measured${round % 20}` }] }
      }
      return Effect.all(
        [
          get(`${api}/search?q=${word}`),
          get(`${api}/v1/search?q=travel`),
          post(`${users}/create`, { name: `User ${word}`, created_at: "2026-01-23" }),
          get(`${users}/get?id=1`),
          post(`${api}/v1/users/requests`, { name: `User ${word}` }),
          post(`${api}/v1/posts`, message),
          get(`${api}/v1/posts/${encodeURIComponent(message.id)}`),
          Effect.promise(() => fetch(`${api}/v1/imports?file=${word}.csv`, { method: "POST", body: csv })),
          post(`${api}/v1/campaigns`, campaign),
          post(`${api}/v1/conversations/${conversation}/messages`, { id: word, text: "Hello" })
        ],
        { concurrency: 2, discard: true }
      )
    })
    // The instance stops before we do.
    const watched = Effect.catchAllCause(once, (cause) =>
      Effect.logWarning("A round of traffic failed", cause)
    )
    yield* Effect.forkScoped(Effect.repeat(watched, Schedule.spaced("500 millis")))
  })
