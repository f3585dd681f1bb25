import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { Workplace } from "./Commands.ts"

// Every command is a process of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const creators = `handle,platform,name,followers,bio
ann,instagram,Ann,12000,Slow travel. ann@example.com
bob,instagram,Bob,8000,Slow travel too
`

describe("outreach from the command line", () => {
  let place: Workplace
  let template: string

  beforeAll(async () => {
    place = new Workplace()
    await place.start()
    const file = await place.file("creators.csv", creators)
    expect((await place.run(["import", file])).code).toBe(0)
  })
  afterAll(() => place.remove())

  const from = ["--from", "Jo of Acme <jo@acme.example>"]

  it("keeps templates, and says what is wrong with one", async () => {
    const text = await place.file("hello.txt", "Dear {{displayName}} of {{country}}\n{{unsubscribeUrl}}\n")
    const add = ["templates", "add", "Hello", "--text", text]
    const wrong = await place.run([...add, "--subject", "Hello {{nothing}}"])
    expect(wrong.code).toBe(1)
    expect(wrong.err).toContain("unknown field {{nothing}}")
    const subject = ["--subject", "Hello {{displayName}}"]
    const added = await place.run([...add, ...subject, "--default", "country=somewhere", "--json"])
    expect(added).toMatchObject({ code: 0, err: "" })
    template = JSON.parse(added.out).id
    expect((await place.run(["templates", "list"])).out).toMatch(/Hello +Hello \{\{displayName\}\}/)
    expect((await place.run(["templates", "show", template])).out).toContain("Subject: Hello {{displayName}}")
  })

  it("previews a campaign, sends it, and shows what became of it", async () => {
    const whom = ["instagram:ann", "instagram:nobody", "--template", template]
    const preview = await place.run(["campaigns", "preview", ...whom])
    expect(preview.out).toContain("Subject: Hello Ann")
    expect(preview.out).toContain("is left out: there is no such profile")
    const created = await place.run(["campaigns", "create", "Winter", ...whom, ...from, "--json"])
    expect(created).toMatchObject({ code: 0, err: "" })
    const { id } = JSON.parse(created.out)
    await vi.waitFor(
      async () => {
        const { recipients, state } = JSON.parse((await place.run(["campaigns", "show", id, "--json"])).out)
        expect({ state, delivered: recipients.delivered, skipped: recipients.skipped }).toEqual({
          state: "finished",
          delivered: 1,
          skipped: 1
        })
      },
      { timeout: 60_000 }
    )
    const { out } = await place.run(["campaigns", "show", id])
    expect(out).toMatch(/instagram:ann +ann@example\.com +delivered/)
    expect((await place.run(["campaigns", "list"])).out).toMatch(/Winter +finished +file/)
  })

  it("schedules, pauses, resumes and cancels", async () => {
    const when = ["--at", "2099-01-01T09:00", "--zone", "Europe/Berlin"]
    const whom = ["--query", "travel", "--template", template]
    const created = await place.run(["campaigns", "create", "Later", ...whom, ...from, ...when])
    expect(created.out).toContain("2099-01-01T08:00:00.000Z")
    const id = /Campaign (\S+) is/.exec(created.out)?.[1] ?? ""
    expect((await place.run(["campaigns", "pause", id])).out).toContain("is paused")
    expect((await place.run(["campaigns", "pause", id])).code).toBe(1)
    expect((await place.run(["campaigns", "resume", id])).out).toMatch(/is (?:scheduled|preparing)/)
    expect((await place.run(["campaigns", "cancel", id])).out).toContain("is cancelled")
  })

  it("says what is missing", async () => {
    const campaign = ["campaigns", "create", "Winter", "--template", template]
    const nobody = await place.run([...campaign, ...from])
    expect(nobody.code).toBe(1)
    expect(nobody.err).toContain("Neither ids nor --query were given.")
    const nameless = await place.run([...campaign, "instagram:ann", "--from", "jo@acme.example"])
    expect(nameless.code).toBe(1)
  })

  it("talks to other users", async () => {
    const begun = await place.run(["messages", "begin", "bob", "--title", "Winter", "--json"])
    expect(begun).toMatchObject({ code: 0, err: "" })
    const { id } = JSON.parse(begun.out)
    expect((await place.run(["messages", "send", id, "Hello there"])).out).toContain("Message 1")
    expect((await place.run(["messages", "send", id, "Again", "--key", "k"])).out).toContain("Message 2")
    expect((await place.run(["messages", "send", id, "Again", "--key", "k"])).out).toContain("Message 2")
    const { out } = await place.run(["messages", "show", id])
    expect(out).toMatch(/1 .* local +Hello there/)
    expect((await place.run(["messages", "inbox"])).out).toMatch(/0 unread messages\.\n[\s\S]*Winter/)
    expect((await place.run(["messages", "read", id])).code).toBe(0)
  })
})
