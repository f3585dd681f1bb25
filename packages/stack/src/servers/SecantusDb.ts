import { mkdirSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { exchange } from "../Exchange.ts"
import { pythonPackages } from "../Python.ts"
import type { ServerRecipe, Where } from "../Server.ts"

const version = "0.7.0b3"

const portOf = ({ ports }: Where): number => ports["mongo"] ?? 0

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

/** A command that has no parameters, such as hello, as one message of MongoDB's protocol: OP_MSG with one document. */
export const mongoCommand = (name: string): Buffer => {
  const database = "admin\0"
  const fields = Buffer.concat([
    Buffer.from(`\x10${name}\0`, "latin1"),
    int32(1),
    Buffer.from("\x02$db\0", "latin1"),
    int32(database.length),
    Buffer.from(database, "latin1"),
    Buffer.of(0)
  ])
  const document = Buffer.concat([int32(fields.length + 4), fields])
  const opMsg = 2013
  return Buffer.concat([
    int32(document.length + 21),
    int32(1),
    int32(0),
    int32(opMsg),
    int32(0),
    Buffer.of(0),
    document
  ])
}

/** Whether all of an answer of MongoDB's protocol has come: it begins with its length. */
export const isWholeMongoAnswer = (answer: Buffer): boolean =>
  answer.length >= 4 && answer.length >= answer.readInt32LE(0)

/**
 * SecantusDB from Python's index: speaks MongoDB's protocol on MongoDB's storage engine, and is not MongoDB. Items that
 * have expired are still read until they are swept, once a minute.
 */
export const secantusdb: ServerRecipe = {
  name: "secantusdb",
  version,
  purpose: "Dapr's state where a profile says mongodb (a stand-in for it)",
  ports: { mongo: 27_031 },
  install: pythonPackages("secantusdb", version, [`secantusdb==${version}`]),
  prepare: (where) => Effect.sync(() => mkdirSync(join(where.directory, "data"), { recursive: true })),
  command: (where) => ({
    argv: [
      where.program,
      "-c",
      "import sys; from secantus.cli import main; sys.exit(main())",
      "--host",
      "127.0.0.1",
      "--port",
      String(portOf(where)),
      "--storage-path",
      join(where.directory, "data"),
      "--cache-size",
      "256M"
    ],
    env: { PYTHONUNBUFFERED: "1" }
  }),
  ready: (where) =>
    exchange(portOf(where), mongoCommand("ping"), isWholeMongoAnswer).pipe(
      Effect.map((answer) => answer?.includes("ok") === true)
    ),
  startTimeout: "60 seconds",
  stopTimeout: "20 seconds",
  environment: (where) => ({
    MONGODB_HOST: `127.0.0.1:${portOf(where)}`,
    // Dapr's transactions look for a replica set in the address.
    MONGODB_PARAMS: "?replicaSet=secantus"
  })
}
