import { crc32, inflateSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { avatarPng, avatarSize } from "../src/synthetic/Avatar.ts"

interface Part {
  readonly type: string
  readonly data: Buffer
}

/** A reader of its own: signature, parts, checksums. */
const decode = (png: Uint8Array): ReadonlyArray<Part> => {
  const bytes = Buffer.from(png)
  assert.strictEqual(bytes.subarray(0, 8).toString("hex"), "89504e470d0a1a0a")
  const parts: Array<Part> = []
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const body = bytes.subarray(at + 4, at + 8 + length)
    assert.strictEqual(bytes.readUInt32BE(at + 8 + length), crc32(body))
    parts.push({ type: body.subarray(0, 4).toString("latin1"), data: body.subarray(4) })
    at += length + 12
  }
  return parts
}

/** Palette indexes, row by row. */
const pixelsOf = (png: Uint8Array): ReadonlyArray<ReadonlyArray<number>> => {
  const data = decode(png).find(({ type }) => type === "IDAT")?.data ?? Buffer.alloc(0)
  const rows = inflateSync(data)
  const stride = avatarSize / 2 + 1
  assert.lengthOf(rows, stride * avatarSize)
  return Array.from({ length: avatarSize }, (_, y) => {
    assert.strictEqual(rows[y * stride], 0)
    return Array.from({ length: avatarSize }, (_, x) => {
      const pair = rows[y * stride + 1 + (x >> 1)] ?? 0
      return x % 2 === 0 ? pair >> 4 : pair & 15
    })
  })
}

const handles = Array.from({ length: 200 }, (_, at) => `instagram:handle_${at}`)

describe("avatars", () => {
  it("are PNG files of 96 by 96 with a palette", () => {
    for (const handle of handles) {
      const parts = decode(avatarPng(handle))
      assert.deepStrictEqual(
        parts.map(({ type }) => type),
        ["IHDR", "PLTE", "IDAT", "IEND"]
      )
      const [ihdr, plte] = parts
      assert.strictEqual(ihdr?.data.readUInt32BE(0), 96)
      assert.strictEqual(ihdr?.data.readUInt32BE(4), 96)
      assert.deepStrictEqual([...(ihdr?.data.subarray(8) ?? [])], [4, 3, 0, 0, 0])
      assert.strictEqual((plte?.data.length ?? 0) % 3, 0)
    }
  })

  it("use no colour that the palette lacks, and more than the background", () => {
    for (const handle of handles) {
      const colours = (decode(avatarPng(handle))[1]?.data.length ?? 0) / 3
      const used = new Set(pixelsOf(avatarPng(handle)).flat())
      assert.isBelow(Math.max(...used), colours)
      assert.isTrue([...used].some((colour) => colour >= 8))
    }
  })

  it("have a pattern that mirrors itself", () => {
    for (const handle of handles.slice(0, 20)) {
      for (const row of pixelsOf(avatarPng(handle))) {
        const shapes = row.map((colour) => (colour < 8 ? 0 : colour))
        assert.deepStrictEqual([...shapes].reverse(), shapes)
      }
    }
  })

  it("are always the same for a handle, and differ between handles", () => {
    assert.deepStrictEqual(avatarPng("x:leo_park"), avatarPng("x:leo_park"))
    const distinct = new Set(handles.map((handle) => Buffer.from(avatarPng(handle)).toString("base64")))
    assert.strictEqual(distinct.size, handles.length)
  })

  it("are small", () => {
    for (const handle of handles) assert.isBelow(avatarPng(handle).length, 1_024)
  })
})
