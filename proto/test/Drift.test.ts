import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { buf, protoRoot } from "../scripts/buf.ts"
import { drift } from "../scripts/drift.ts"

const proto = "influscope/analytics/v1/analytics.proto"

describe("the .proto files", () => {
  it("pass buf's standard rules", () => {
    assert.deepStrictEqual(buf(["lint"]), { ok: true, output: "" })
  })

  it("are what the committed code was generated from", () => {
    assert.deepStrictEqual(drift(), [])
  })
})

describe("a change that is not carried through", () => {
  let copy = ""

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "proto-copy-"))
    for (const part of ["buf.yaml", "buf.gen.yaml", "grpc", "influscope", "src"])
      cpSync(join(protoRoot, part), join(copy, part), { recursive: true })
  })

  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  const edit = (from: string, to: string): void => {
    const text = readFileSync(join(protoRoot, proto), "utf8")
    assert.include(text, from)
    writeFileSync(join(copy, proto), text.replace(from, to))
  }

  it("leaves nothing to say about an untouched copy", () => {
    assert.deepStrictEqual(drift(copy), [])
    assert.isTrue(buf(["breaking", "--against", protoRoot], copy).ok)
  })

  it("is seen as drift when the code was not generated again", () => {
    edit(
      "optional double avg_viewers = 8;",
      "optional double avg_viewers = 8;\n  optional double streams = 9;"
    )
    assert.deepStrictEqual(drift(copy), [
      "src/gen/influscope/analytics/v1/analytics_pb.ts is not what buf generates"
    ])
    assert.isTrue(buf(["breaking", "--against", protoRoot], copy).ok)
  })

  it("is seen as breaking when a field disappears", () => {
    edit("  optional double avg_views = 6;\n", "")
    const { ok, output } = buf(["breaking", "--against", protoRoot], copy)
    assert.isFalse(ok)
    assert.match(output, /field "6" with name "avg_views" on message "Figures" was deleted/)
  })

  it("is seen as breaking when a field changes its type", () => {
    edit("optional double followers = 1;", "optional int64 followers = 1;")
    assert.isFalse(buf(["breaking", "--against", protoRoot], copy).ok)
  })

  it("is refused by the standard rules when an enum has no zero value of its name", () => {
    edit("TIER_UNSPECIFIED = 0;", "TIER_NONE = 0;")
    const { ok, output } = buf(["lint"], copy)
    assert.isFalse(ok)
    assert.include(output, "TIER_NONE")
  })
})
