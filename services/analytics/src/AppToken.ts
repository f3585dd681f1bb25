import { createHash, timingSafeEqual } from "node:crypto"
import * as GrpcJs from "@grpc/grpc-js"
import * as Redacted from "effect/Redacted"

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Probes have no token, and learn nothing but that the service is up. */
const isOpen = (path: string): boolean => path.startsWith("/grpc.health.v1.Health/")

/** Refuses calls that do not show the app's token as `dapr-api-token`, as this app's own sidecar does. */
export const requireToken = (token: Redacted.Redacted): GrpcJs.ServerInterceptor => {
  const expected = digest(Redacted.value(token))
  return ({ path }, call) =>
    new GrpcJs.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, onward) => {
            const [given] = metadata.get("dapr-api-token")
            if (isOpen(path) || timingSafeEqual(digest(String(given ?? "")), expected))
              return onward(metadata)
            call.sendStatus({
              code: GrpcJs.status.UNAUTHENTICATED,
              details: "the dapr-api-token is missing or wrong",
              metadata: null
            })
          }
        })
    })
}
