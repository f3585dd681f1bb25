import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { overview } from "../src/Help.ts"
import { Workplace } from "./Commands.ts"

const commands = [
  ["start"],
  ["import"],
  ["export"],
  ["search"],
  ["show"],
  ["discover"],
  ["track"],
  ["track", "add"],
  ["track", "remove"],
  ["track", "list"],
  ["track", "status"],
  ["track", "import"],
  ["alerts"],
  ["alerts", "list"],
  ["alerts", "rules"],
  ["alerts", "rules", "add"],
  ["alerts", "rules", "list"],
  ["alerts", "rules", "remove"],
  ["templates"],
  ["templates", "add"],
  ["templates", "list"],
  ["templates", "show"],
  ["templates", "remove"],
  ["campaigns"],
  ["campaigns", "create"],
  ["campaigns", "preview"],
  ["campaigns", "list"],
  ["campaigns", "show"],
  ["campaigns", "pause"],
  ["campaigns", "resume"],
  ["campaigns", "cancel"],
  ["messages"],
  ["messages", "inbox"],
  ["messages", "begin"],
  ["messages", "send"],
  ["messages", "show"],
  ["messages", "read"],
  ["users"],
  ["users", "add"],
  ["users", "list"],
  ["users", "show"],
  ["users", "remove"],
  ["token"],
  ["audit"],
  ["backup"],
  ["restore"],
  ["doctor"],
  ["stack"],
  ["components"],
  ["reindex"],
  ["dlq"],
  ["dlq", "list"],
  ["dlq", "show"],
  ["dlq", "replay"],
  ["dlq", "drop"]
]

describe("what influscope says about itself", () => {
  let place: Workplace
  beforeAll(() => {
    place = new Workplace()
  })
  afterAll(() => place.remove())

  it("names every command where people look first", async () => {
    for (const args of [[], ["--help"], ["-h"], ["help"]]) {
      expect((await place.run(args)).out.trim()).toBe(overview)
    }
    // The parser knows which commands there are, whoever wrote the overview.
    const { err } = await place.run(["no-such-command"])
    const known = [...err.matchAll(/'([a-z]+)'/g)].map(([, name]) => name)
    expect(known.length).toBe(commands.filter(({ length }) => length === 1).length)
    for (const name of known) expect(overview).toMatch(new RegExp(`^  ${name}\\b`, "m"))
  })

  it.each(commands)("has help for %s %s", async (...command) => {
    const { code, err, out } = await place.run([...command, "--help"])
    expect({ code, err }).toEqual({ code: 0, err: "" })
    expect(out).toContain(`$ influscope ${command.join(" ")}`)
    expect(out).not.toContain("\u001b")
  })

  it.each([
    ["bash", ["bash", "-n"]],
    ["zsh", undefined],
    ["fish", undefined]
  ])("completes in %s", async (shell, check) => {
    const { code, out } = await place.run(["--completions", shell])
    expect(code).toBe(0)
    for (const word of ["import", "dlq", "dry-run"]) expect(out).toContain(word)
    if (check !== undefined) {
      const file = await place.file(`completion.${shell}`, out)
      expect(Bun.spawnSync([...check, file]).exitCode).toBe(0)
    }
  })

  it.each([
    [["search", "--limt", "3"], "--limit"],
    [["search", "words", "--colour"], "--colour"],
    [["search", "--limit", "many"], "many"],
    [["search", "--platform", "myspace"], "instagram, tiktok"],
    [["search", "--country"], "--country has no value"],
    [["search", "food", "--tier", "--json"], "--tier has no value"],
    [["import", "x.csv", "--map"], "--map has no value"],
    [["import"], "<file>"],
    [["track", "import"], "<file>"],
    [["track", "import", "x.csv", "--map"], "--map has no value"],
    [["track", "import", "x.csv", "--observed-at", "2026-01-31"], "--observed-at"],
    [["track", "add", "--interval"], "--interval"],
    [["alerts", "rules", "add", "Purges", "--webhook", "ftp://example.com"], "https"],
    [
      ["alerts", "rules", "add", "Purges", "--webhook", "https://example.com", "--of", "nasa"],
      "platform:handle"
    ],
    [
      ["alerts", "rules", "add", "Purges", "--webhook", "https://example.com", "--anomaly"],
      "--anomaly has no value"
    ],
    [["alerts", "rules", "remove"], "<id>"],
    [["show", "nasa"], "platform:handle"],
    [["import", "x.csv", "--observed-at", "yesterday"], "yesterday"],
    [["dlq", "frobnicate"], "subcommand"]
  ])("does not guess what %j means", async (args, hint) => {
    const { code, err } = await place.run(args)
    expect(code).toBe(1)
    expect(err).toContain(hint)
    expect(err).toContain("--help")
  })

  it("explains what it cannot find", async () => {
    const missing = await place.run(["import", "no such file.csv"])
    expect(missing.code).toBe(1)
    expect(missing.err).toMatch(/^error: no such file\.csv cannot be read; nothing was imported\.\n/)
    const directory = await place.run(["import", place.path])
    expect(directory.err).toContain("It is a directory")
    const nobody = await place.run(["show", "instagram:nobody"])
    expect(nobody.code).toBe(1)
    expect(nobody.err).toContain("There is no profile instagram:nobody")
    const rule = await place.run(["alerts", "rules", "remove", "nothing"])
    expect(rule.err).toContain("There is no alert rule nothing")
    const letter = await place.run(["dlq", "replay", "nothing"])
    expect(letter.err).toContain("There is no dead letter nothing")
    expect((await place.run(["dlq", "drop"])).err).toContain("dlq list")
  })
})
