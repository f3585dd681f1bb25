import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { cached, install } from "../Cache.ts"
import { InstallFailed, ServerFailed, type ServerRecipe, type Where } from "../Server.ts"
import { answers, RequestFailed, signedFetch } from "../SignedFetch.ts"
import { logPath } from "../Supervisor.ts"

/** Its commit and when that was made: releases are not modules of their own. */
const version = "0.0.0-20260212201848-7aac2a2c5b7c"
const user = "influscope"
const bucket = "influscope"

const portOf = ({ ports }: Where): number => ports["s3"] ?? 0
const endpointOf = (where: Where): string => `http://127.0.0.1:${portOf(where)}`

const build = cached("minio", version, (directory) =>
  Effect.suspend(() =>
    Bun.which("go") === null
      ? new InstallFailed({
          server: "minio",
          why: "it is built by Go, which is not here",
          remedy: "install Go 1.24 or newer: https://go.dev/doc/install"
        })
      : install(
          "minio",
          `go install github.com/minio/minio@v${version}`,
          ["nice", "go", "install", "-trimpath", "-ldflags=-s -w", `github.com/minio/minio@v${version}`],
          { env: { GOBIN: directory } }
        )
  )
)

/** Makes the bucket; that it is there already is as good. */
const makeBucket = (where: Where): Effect.Effect<void, ServerFailed> =>
  signedFetch({
    method: "PUT",
    url: `${endpointOf(where)}/${bucket}`,
    service: "s3",
    accessKey: user,
    secretKey: where.secret
  }).pipe(
    Effect.filterOrFail(
      ({ body, status }) => status === 200 || body.includes("BucketAlreadyOwnedByYou"),
      ({ body, status }) => new RequestFailed({ why: `it answered ${status}: ${body.slice(0, 300)}` })
    ),
    // A busy machine: it calls itself ready, and for a moment answers 503, "not initialized yet".
    Effect.retry({ times: 50, schedule: Schedule.spaced("200 millis") }),
    Effect.mapError(
      (error) =>
        new ServerFailed({
          server: "minio",
          why: `the bucket ${bucket} cannot be made: ${error.message}`,
          log: logPath(where.directory)
        })
    ),
    Effect.asVoid
  )

/** MinIO, built from its sources: one disk, one bucket. */
export const minio: ServerRecipe = {
  name: "minio",
  version: "2026-02-12",
  purpose: "objects: avatars and exports (S3)",
  ports: { s3: 19_000 },
  install: Effect.flatMap(build, (directory) => {
    const program = join(directory, "minio")
    return existsSync(program)
      ? Effect.succeed(program)
      : new InstallFailed({
          server: "minio",
          why: `there is no program in ${directory}`,
          remedy: `rm -r '${directory}' and try again`
        })
  }),
  prepare: (where) => Effect.sync(() => mkdirSync(join(where.directory, "data"), { recursive: true })),
  command: (where) => ({
    argv: [where.program, "server", "--address", `127.0.0.1:${portOf(where)}`, join(where.directory, "data")],
    env: {
      MINIO_ROOT_USER: user,
      MINIO_ROOT_PASSWORD: where.secret,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
      // Its own settings are kept beside its data and nowhere else.
      HOME: where.directory
    }
  }),
  ready: (where) => answers(`${endpointOf(where)}/minio/health/ready`),
  afterStart: makeBucket,
  startTimeout: "60 seconds",
  stopTimeout: "20 seconds",
  environment: (where) => ({
    S3_ENDPOINT: endpointOf(where),
    S3_ACCESS_KEY: user,
    S3_SECRET_KEY: where.secret,
    S3_BUCKET: bucket
  })
}
