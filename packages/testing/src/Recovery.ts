import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pythonPackages } from "@influscope/stack/Python"
import * as Shell from "@influscope/stack/Shell"
import * as Supervisor from "@influscope/stack/Supervisor"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

const scripts = join(import.meta.dirname, "..", "..", "..", "k8s", "components", "backup", "scripts")

/** The programs of Amazon that the CronJobs have in an image. */
const awsVersion = "1.45.11"
const snapshotsPrefix = "elasticsearch"

/** The stores that are backed up, and the bucket that they are backed up to. */
export interface Stores {
  readonly postgres: Supervisor.RunningServer
  readonly elasticsearch: Supervisor.RunningServer
  readonly minio: Supervisor.RunningServer
}

/** A step of a backup or a restore, and how long it took. */
export interface Step {
  readonly name: string
  readonly said: string
  readonly seconds: number
}

/** A directory with the command `aws` in it. */
const awsCommand = (directory: string) =>
  Effect.map(pythonPackages("awscli", awsVersion, [`awscli==${awsVersion}`]), (python) => {
    const path = join(directory, "bin")
    mkdirSync(path, { recursive: true })
    const aws = join(path, "aws")
    writeFileSync(aws, `#!/bin/sh\nexec '${python}' -m awscli "$@"\n`)
    chmodSync(aws, 0o755)
    return path
  })

const timed = <E>(name: string, command: Effect.Effect<string, E>): Effect.Effect<Step, E> =>
  Effect.map(Effect.timed(command), ([time, said]) => ({
    name,
    said: said.trim(),
    seconds: Duration.toSeconds(time)
  }))

/**
 * Backs up and restores stores by the scripts that the CronJobs of `k8s/components/backup` run. What differs: Elasticsearch without its
 * module for S3 writes snapshots into a directory, which is synchronised with the bucket.
 */
export const recoveryOf = (directory: string, { elasticsearch, minio, postgres }: Stores) =>
  Effect.gen(function* () {
    const programs = yield* awsCommand(directory)
    const dumps = join(directory, "dumps")
    const { DAPR_STATE_CONNECTION = "", DATABASE_URL = "" } = postgres.recipe.environment(postgres.where)
    const {
      S3_ACCESS_KEY = "",
      S3_BUCKET = "",
      S3_ENDPOINT = "",
      S3_SECRET_KEY = ""
    } = minio.recipe.environment(minio.where)
    const env = {
      ...elasticsearch.recipe.environment(elasticsearch.where),
      PATH: `${programs}:${postgres.where.program}:${process.env["PATH"]}`,
      DUMPS: dumps,
      STATE_CONNECTION: DAPR_STATE_CONNECTION,
      DATABASE_URL,
      // Of this one only the scripts would know.
      TIMESERIES_URL: "",
      ELASTICSEARCH_REPOSITORY: JSON.stringify({ type: "fs", settings: { location: "influscope" } }),
      BACKUPS_BUCKET: S3_BUCKET,
      AWS_ENDPOINT_URL: S3_ENDPOINT,
      AWS_ACCESS_KEY_ID: S3_ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: S3_SECRET_KEY,
      AWS_DEFAULT_REGION: "us-east-1"
    }
    const snapshots = join(elasticsearch.where.directory, "snapshots")
    const bucket = `s3://${S3_BUCKET}/${snapshotsPrefix}`

    /** One of the scripts; fails as it does. */
    const script = (name: string, own: Readonly<Record<string, string>> = {}) =>
      timed(name, Shell.run([join(scripts, `${name}.sh`)], { env: { ...env, ...own } }))
    const synchronise = (name: string, from: string, to: string) =>
      timed(
        name,
        Shell.run([join(programs, "aws"), "s3", "sync", "--delete", "--only-show-errors", from, to], { env })
      )
    const withoutDumps = Effect.sync(() => rmSync(dumps, { recursive: true, force: true }))

    const dumpPostgresql = Effect.zipRight(withoutDumps, script("backup-postgresql"))
    const snapshotElasticsearch = script("backup-elasticsearch")
    const upload = Effect.all([synchronise("upload-snapshots", snapshots, bucket), script("upload-dumps")])

    return {
      /** Where the dumps are between the steps. */
      dumps,
      script,
      dumpPostgresql,
      snapshotElasticsearch,
      upload,
      /** As the CronJob `backup`. */
      backUp: Effect.gen(function* () {
        const steps = [yield* dumpPostgresql, yield* snapshotElasticsearch]
        return [...steps, ...(yield* upload)]
      }),
      /** As the CronJob `restore`, of the latest backup. */
      restore: Effect.gen(function* () {
        yield* withoutDumps
        return [
          yield* synchronise("download-snapshots", bucket, snapshots),
          yield* script("download-dumps"),
          yield* script("restore-postgresql"),
          yield* script("restore-elasticsearch")
        ]
      })
    }
  })

export type Recovery = Effect.Effect.Success<ReturnType<typeof recoveryOf>>

/** Kills a server and takes its disk away: started again it is a new one, at the same address and with the same password. */
export const destroy = ({ recipe, where }: Supervisor.RunningServer): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* Supervisor.kill(where)
    yield* Supervisor.clearLeftovers(recipe, where)
    for (const name of existsSync(where.directory) ? readdirSync(where.directory) : [])
      if (name !== "secret") rmSync(join(where.directory, name), { recursive: true, force: true })
  })
