import * as CliConfig from "@effect/cli/CliConfig"
import * as Console from "effect/Console"
import type * as Effect from "effect/Effect"

/** What `influscope` and `influscope --help` say; each command's own --help has the details. */
export const overview = `Find, track and analyse social-media influencers.

Usage: influscope <command> [options]

  start                 serve everything in this process; the first start seeds profiles
  import FILE...        import influencers from CSV, TSV, JSON or JSON Lines, gzipped or not
  export FILE           write everything into a file that import reads
  search [WORDS...]     find profiles by words and filters, typos forgiven
  show ID               a profile with the source and time of every figure
  discover --count N    discover profiles from a source
  track add IDS         follow figures over time; also track remove, list, status, and import FILE for history
  alerts rules add NAME have a webhook called when figures do something; alerts list shows what came of it
  templates add NAME    what influencers are written; also templates list, show and remove
  campaigns create NAME send a template to influencers, now or later; also preview, list, show, pause, resume, cancel
  messages inbox        talk to other users; also messages begin, send, show and read
  users list            who uses it; also users add, show and remove
  token                 make a token for development, where instances ask for tokens
  audit                 account for every item that was sent
  dlq list              the messages that could not be handled; also dlq show, replay and drop
  backup DIRECTORY      copy everything as it is at one moment, also while it is served
  restore BACKUP        put a backup into a data directory that is empty
  doctor                what is wrong with this machine or this installation, and what mends it

Beside Dapr sidecars (docs/dapr.md)
  stack up              the brokers and stores, in containers or as they are; also down, status and logs
  components use        choose broker and stores; also lint, which refuses what would lose data, and declare
  reindex               rebuild Elasticsearch's index while it is used

  influscope <command> --help           its options
  influscope --completions bash|zsh|fish  a completion script for your shell
  influscope --version

Examples
  influscope import creators.csv --platform instagram --dry-run
  influscope search vegan recpies --country DE --followers-min 10000 --sort engagement
  influscope show instagram:nasa --json
  influscope track import youtube-daily.csv.gz

Commands talk to the instance that runs on the data directory (INFLUSCOPE_DATA_DIR, ./.influscope), or open it
themselves. docs/configuration.md lists every key.`

export const isOverviewAsked = (args: ReadonlyArray<string>): boolean =>
  args.length === 0 || (args.length === 1 && ["--help", "-h", "help"].includes(args[0] ?? ""))

/** `--name=value` as two words: the parser splits at every equals sign, and a mapping is a value with one. */
export const splitValues = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const end = args.indexOf("--")
  return args.flatMap((arg, place) => {
    const parts = end !== -1 && place >= end ? null : /^(--[a-z-]+)=(.*)$/s.exec(arg)
    const [, name, value] = parts ?? []
    return name === undefined || value === undefined ? [arg] : [name, value]
  })
}

/** Options that may be repeated: the parser takes one without a value for one that was not given. */
const repeatable = new Set([
  "--platform",
  "--category",
  "--country",
  "--language",
  "--tier",
  "--map",
  "--of",
  "--anomaly",
  "--scope",
  "--default",
  "--role"
])

/** The first repeatable option without a value. */
export const optionWithoutValue = (args: ReadonlyArray<string>): string | undefined => {
  const end = args.indexOf("--")
  return args
    .slice(0, end === -1 ? args.length : end)
    .find((arg, place) => repeatable.has(arg) && /^(?:--|$)/.test(args[place + 1] ?? ""))
}

/** Only what a command adds is worth a line of its help. */
export const helpConfig = CliConfig.layer({ showBuiltIns: false, showTypes: false })

/** Usage lines name a command without the commands above it. */
const withParents = (text: string): string =>
  text.replace(/^\$ (?!influscope)(\S+)/m, (_line, name: string) => {
    const args = process.argv.slice(2)
    return ["$ influscope", ...args.slice(0, args.indexOf(name)), name].join(" ")
  })

/** The parser's own texts, coloured for terminals only and with usage lines that can be typed as they stand. */
export const withPlainHelp = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Console.consoleWith((base) => {
    const tidy = (isTerminal: boolean, texts: ReadonlyArray<unknown>) =>
      texts.map((text) => withParents(isTerminal ? String(text) : Bun.stripANSI(String(text))))
    return Console.withConsole(effect, {
      ...base,
      log: (...texts) => base.log(...tidy(process.stdout.isTTY, texts)),
      error: (...texts) => base.error(...tidy(process.stderr.isTTY, texts))
    })
  })
