import { createHmac } from "node:crypto"
import { assert } from "@effect/vitest"
import { RaisedAlert } from "@influscope/domain/tracking/RaisedAlert"
import * as Schema from "effect/Schema"

/** What the documentation promises of the body. */
const Body = Schema.Struct({
  type: Schema.Literal("alert.raised"),
  timestamp: Schema.Date,
  data: Schema.Struct({
    id: Schema.String,
    rule: Schema.Struct({ id: Schema.String, name: Schema.String }),
    influencer: Schema.String,
    time: Schema.Date,
    evidence: RaisedAlert.fields.evidence
  })
})
const decodeBody = Schema.decodeUnknownSync(Schema.parseJson(Body), { onExcessProperty: "error" })

export interface Call {
  readonly id: string
  readonly influencer: string
  /** Epoch seconds. */
  readonly timestamp: number
  /** What was answered. */
  readonly status: number
}

/** A webhook of this machine that checks what it is sent as a receiver should. */
export class Receiver {
  readonly calls: Array<Call> = []
  /** What the next call is answered. */
  answer: (call: Omit<Call, "status">) => number = () => 200
  /** Of every rule that posts here. */
  readonly secret = `whsec_${Buffer.from("a secret of thirty-two characters").toString("base64")}`
  readonly #server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const text = await request.text()
      const header = (name: string): string => request.headers.get(name) ?? ""
      const signed = `${header("webhook-id")}.${header("webhook-timestamp")}.${text}`
      const key = Buffer.from(this.secret.slice("whsec_".length), "base64")
      const expected = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`
      if (header("webhook-signature") !== expected) return new Response("not signed", { status: 401 })
      const { data } = decodeBody(text)
      const call = {
        id: header("webhook-id"),
        influencer: data.influencer,
        timestamp: Number(header("webhook-timestamp"))
      }
      assert.strictEqual(data.id, call.id)
      const status = this.answer(call)
      this.calls.push({ ...call, status })
      return new Response(null, { status })
    }
  })

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/alerts`
  }

  of(influencer: string): ReadonlyArray<Call> {
    return this.calls.filter((call) => call.influencer === influencer)
  }

  stop(): Promise<void> {
    return this.#server.stop(true)
  }
}
