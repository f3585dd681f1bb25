// A client of another make: plain Node, grpc-js with proto-loader, nothing generated and nothing of Bun.
// Usage: node client.mjs ADDRESS PROTO_ROOT; prints one JSON object.
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import * as grpc from "@grpc/grpc-js"
import { loadSync } from "@grpc/proto-loader"

const [address, protoRoot] = process.argv.slice(2)
const definition = loadSync("influscope/analytics/v1/analytics.proto", {
  includeDirs: [protoRoot],
  enums: String,
  longs: Number
})
const { AnalyticsService } = grpc.loadPackageDefinition(definition).influscope.analytics.v1
const client = new AnalyticsService(address, grpc.credentials.createInsecure())

const reflectionRoot = join(
  dirname(createRequire(import.meta.url).resolve("@grpc/reflection/package.json")),
  "build/proto"
)
const reflectionOf = (version) =>
  grpc.loadPackageDefinition(
    loadSync(`grpc/reflection/${version}/reflection.proto`, { includeDirs: [reflectionRoot] })
  ).grpc.reflection[version].ServerReflection

const reflect = (request, version = "v1") =>
  new Promise((resolve, reject) => {
    const reflection = new (reflectionOf(version))(address, grpc.credentials.createInsecure())
    const call = reflection.ServerReflectionInfo()
    call.on("error", reject)
    call.on("data", resolve)
    call.on("end", () => reflection.close())
    call.write(request)
    call.end()
  })

const profile = (followers, avgLikes) => ({
  platform: "PLATFORM_INSTAGRAM",
  figures: { followers, avgLikes, avgComments: 0 }
})

const unary = (method, request, options = {}) =>
  new Promise((resolve) => {
    client[method](request, options, (error, response) =>
      resolve(error ? { code: error.code, details: error.details } : response)
    )
  })

const stream = (count) =>
  new Promise((resolve) => {
    const call = client.ComputeStream()
    const rates = []
    call.on("data", ({ engagement }) => rates.push(engagement.rate))
    call.on("error", (error) => resolve({ code: error.code, details: error.details }))
    call.on("end", () => resolve(rates))
    for (let likes = 0; likes < count; likes += 1) call.write({ profile: profile(1_000, likes) })
    call.end()
  })

const profiles = Array.from({ length: 500 }, (_, likes) => profile(1_000, likes))
const { listServicesResponse } = await reflect({ listServices: "*" })
const older = await reflect({ listServices: "*" }, "v1alpha")
const unknown = await reflect({ fileContainingSymbol: "influscope.analytics.v1.Nothing" })
const byName = await reflect({ fileByFilename: "influscope/analytics/v1/analytics.proto" })
const { fileDescriptorResponse } = await reflect({
  fileContainingSymbol: "influscope.analytics.v1.AnalyticsService.ComputeBatch"
})
const result = {
  runtime: process.versions.bun === undefined ? `node ${process.version}` : "bun",
  unary: await unary("Compute", { profile: profile(200, 5) }),
  unknown: await unary("Compute", { profile: { platform: "PLATFORM_TIKTOK", figures: { avgLikes: 5 } } }),
  invalid: await unary("Compute", { profile: { figures: { followers: 1 } } }),
  batch: (await unary("ComputeBatch", { profiles })).engagements.map(({ rate }) => rate),
  stream: await stream(300),
  services: listServicesResponse.service.map(({ name }) => name),
  describes: fileDescriptorResponse.fileDescriptorProto.some((bytes) =>
    Buffer.from(bytes).includes("ComputeStreamRequest")
  ),
  byName: byName.fileDescriptorResponse.fileDescriptorProto.length,
  olderServices: older.listServicesResponse.service.map(({ name }) => name),
  undescribed: unknown.errorResponse.errorCode,
  late: await unary("ComputeBatch", { profiles }, { deadline: Date.now() + 1 })
}
client.close()
process.stdout.write(JSON.stringify(result))
