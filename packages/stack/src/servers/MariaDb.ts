import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { fromPackage } from "../Cache.ts"
import { ServerFailed, type ServerRecipe, type Where } from "../Server.ts"
import * as Shell from "../Shell.ts"
import { logPath } from "../Supervisor.ts"

const user = "influscope"

const portOf = ({ ports }: Where): number => ports["mysql"] ?? 0
const dataOf = ({ directory }: Where): string => join(directory, "data")
const initOf = ({ directory }: Where): string => join(directory, "init.sql")
/** Root has to say that it means it. */
const asRoot = process.getuid?.() === 0 ? ["--user=root"] : []

/** Read at every start, one statement a line: the accounts of a new data directory have no password. */
const accounts = ({ secret }: Where): string =>
  [
    "CREATE DATABASE IF NOT EXISTS dapr;",
    `CREATE USER IF NOT EXISTS '${user}'@'127.0.0.1';`,
    `ALTER USER '${user}'@'127.0.0.1' IDENTIFIED BY '${secret}';`,
    `GRANT ALL ON *.* TO '${user}'@'127.0.0.1';`,
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${secret}';`,
    "DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1', ''@'localhost';",
    ""
  ].join("\n")

const initialise = (where: Where): Effect.Effect<void, ServerFailed> =>
  Effect.suspend(() => {
    writeFileSync(initOf(where), accounts(where), { mode: 0o600 })
    const made = join(where.directory, "initialised")
    if (existsSync(made)) return Effect.void
    rmSync(dataOf(where), { recursive: true, force: true })
    mkdirSync(dataOf(where), { mode: 0o700 })
    return Shell.run([
      "mariadb-install-db",
      "--no-defaults",
      ...asRoot,
      `--datadir=${dataOf(where)}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db"
    ]).pipe(
      Effect.map(() => writeFileSync(made, "")),
      Effect.mapError(
        ({ message }) =>
          new ServerFailed({
            server: "mariadb",
            why: `its data directory cannot be made: ${message}`,
            log: logPath(where.directory)
          })
      )
    )
  })

/** The value of an expression. */
const select = (where: Where, expression: string): Effect.Effect<string, Shell.CommandFailed> =>
  Effect.map(
    Shell.run(
      [
        "mariadb",
        "--no-defaults",
        "--protocol=tcp",
        "--host=127.0.0.1",
        `--port=${portOf(where)}`,
        `--user=${user}`,
        "--connect-timeout=2",
        "--batch",
        "--skip-column-names",
        `--execute=SELECT ${expression}`
      ],
      { env: { MYSQL_PWD: where.secret } }
    ),
    (answer) => answer.trim()
  )

/** MariaDB of Debian: what Dapr's state store for MySQL runs on here. */
export const mariadb: ServerRecipe = {
  name: "mariadb",
  version: "10.11",
  purpose: "Dapr's state where a profile says mysql",
  ports: { mysql: 13_306 },
  install: fromPackage("mariadb", "mariadb-server", () => Bun.which("mariadbd") ?? undefined),
  prepare: initialise,
  command: (where) => ({
    argv: [
      where.program,
      "--no-defaults",
      ...asRoot,
      `--datadir=${dataOf(where)}`,
      "--bind-address=127.0.0.1",
      `--port=${portOf(where)}`,
      // Below the data directory: a path of a socket has at most 107 bytes.
      "--socket=mariadb.sock",
      "--pid-file=mariadb.pid",
      `--init-file=${initOf(where)}`,
      "--skip-name-resolve",
      "--character-set-server=utf8mb4",
      "--innodb-buffer-pool-size=128M"
    ]
  }),
  ready: (where) =>
    select(where, "1").pipe(
      Effect.map((answer) => answer === "1"),
      Effect.orElseSucceed(() => false)
    ),
  runningVersion: (where) => Effect.map(select(where, "VERSION()"), (version) => version.replace(/-.*/, "")),
  startTimeout: "60 seconds",
  stopTimeout: "60 seconds",
  environment: (where) => ({
    MYSQL_CONNECTION: `${user}:${where.secret}@tcp(127.0.0.1:${portOf(where)})/?allowNativePasswords=true`
  })
}
