import * as Effect from "effect/Effect"
import { pythonPackages } from "../Python.ts"
import type { ServerRecipe, Where } from "../Server.ts"
import { answers } from "../SignedFetch.ts"

const version = "5.2.5"

const endpointOf = ({ ports }: Where): string => `http://127.0.0.1:${ports["aws"] ?? 0}`

/** moto from Python's index: a mock of Amazon's SNS and SQS in memory. For behaviour, never for numbers. */
export const moto: ServerRecipe = {
  name: "moto",
  version,
  purpose: "pub/sub where a profile says snssqs (a mock, in memory)",
  ports: { aws: 15_000 },
  install: pythonPackages("moto", version, [`moto[server,sns,sqs]==${version}`]),
  prepare: () => Effect.void,
  command: (where) => ({
    argv: [
      where.program,
      "-m",
      "moto.server",
      "--host",
      "127.0.0.1",
      "--port",
      String(where.ports["aws"] ?? 0)
    ],
    env: { PYTHONUNBUFFERED: "1" }
  }),
  ready: (where) => answers(`${endpointOf(where)}/moto-api/data.json`),
  startTimeout: "60 seconds",
  stopTimeout: "10 seconds",
  environment: (where) => ({
    SNSSQS_ENDPOINT: endpointOf(where),
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "influscope",
    AWS_SECRET_ACCESS_KEY: "influscope"
  })
}
