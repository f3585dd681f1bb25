import { create } from "@bufbuild/protobuf"
import * as GrpcJs from "@grpc/grpc-js"
import { type Received, serviceDefinition } from "@influscope/adapters/grpc/ServiceDefinition"
import {
  Health,
  type HealthCheckRequestSchema,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
  type HealthListRequestSchema,
  type HealthListResponse,
  HealthListResponseSchema
} from "@influscope/proto/gen/grpc/health/v1/health_pb"
import * as Either from "effect/Either"
import { refusal } from "./Status.ts"

type Status = "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN"
type Asked = Received<typeof HealthCheckRequestSchema>
type Watch = GrpcJs.ServerWritableStream<Asked, HealthCheckResponse>

const answerOf = (status: Status): HealthCheckResponse =>
  create(HealthCheckResponseSchema, { status: HealthCheckResponse_ServingStatus[status] })

/** The standard health service (grpc.health.v1): of the server as a whole, which has no name, and of each service. */
export class HealthService {
  private readonly statuses = new Map<string, Status>()
  private readonly watches = new Map<Watch, string>()

  /** Those who watch are told. */
  setStatus(service: string, status: Status): void {
    this.statuses.set(service, status)
    for (const [watch, watched] of this.watches) if (watched === service) watch.write(answerOf(status))
  }

  addToServer(server: GrpcJs.Server): void {
    const check: GrpcJs.handleUnaryCall<Asked, HealthCheckResponse> = ({ request }, callback) => {
      if (Either.isLeft(request)) return callback(refusal(request.left))
      const { service } = request.right
      const status = this.statuses.get(service)
      if (status === undefined)
        return callback({ code: GrpcJs.status.NOT_FOUND, details: `There is no service ${service}.` })
      callback(null, answerOf(status))
    }
    const watch = (call: Watch): void => {
      if (Either.isLeft(call.request)) {
        call.emit("error", refusal(call.request.left))
        return
      }
      const { service } = call.request.right
      this.watches.set(call, service)
      call.on("cancelled", () => this.watches.delete(call))
      call.write(answerOf(this.statuses.get(service) ?? "SERVICE_UNKNOWN"))
    }
    const list: GrpcJs.handleUnaryCall<Received<typeof HealthListRequestSchema>, HealthListResponse> = (
      _call,
      callback
    ) => {
      const statuses = Object.fromEntries(
        [...this.statuses].map(([service, status]) => [service, answerOf(status)])
      )
      callback(null, create(HealthListResponseSchema, { statuses }))
    }
    server.addService(serviceDefinition(Health), { check, watch, list })
  }
}
