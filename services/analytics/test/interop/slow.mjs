// A caller that sends and does not read: plain HTTP/2, because a gRPC client reads ahead by itself.
// Usage: node slow.mjs ADDRESS COUNT; sends COUNT requests on one stream, reads nothing for a while, then everything;
// prints one JSON object: how many requests were taken while nothing was read, and how the stream ended.
import { connect } from "node:http2"
import { setTimeout as sleep } from "node:timers/promises"

const [address, count] = process.argv.slice(2)
const session = connect(`http://${address}`)
const stream = session.request({
  ":method": "POST",
  ":path": "/influscope.analytics.v1.AnalyticsService/ComputeStream",
  "content-type": "application/grpc",
  te: "trailers"
})

// ComputeStreamRequest { profile: { platform: INSTAGRAM, figures: { followers: 1000 } } }, in a gRPC frame.
const followers = Buffer.from(new Float64Array([1000]).buffer)
const profile = Buffer.from([0x08, 1, 0x12, 9, 0x09, ...followers])
const frame = Buffer.from([0, 0, 0, 0, profile.length + 2, 0x0a, profile.length, ...profile])
const hundred = Buffer.concat(Array.from({ length: 100 }, () => frame))

let sent = 0
const feed = () => {
  while (sent < Number(count)) {
    sent += 100
    if (!stream.write(hundred)) return stream.once("drain", feed)
  }
  stream.end()
}
feed()

// Until it stands still for half a second: on a busy machine what is under way takes its time.
let heldAt = -1
while (heldAt !== sent) {
  heldAt = sent
  await sleep(500)
}

let answers = 0
let rest = Buffer.alloc(0)
let status
stream.on("trailers", (trailers) => {
  status = Number(trailers["grpc-status"])
})
stream.on("data", (chunk) => {
  rest = Buffer.concat([rest, chunk])
  while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
    rest = rest.subarray(5 + rest.readUInt32BE(1))
    answers += 1
  }
})
await new Promise((resolve) => stream.on("close", resolve))
session.close()
process.stdout.write(JSON.stringify({ heldAt, sent, answers, status }))
