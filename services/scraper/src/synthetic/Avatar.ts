import { crc32, deflateSync } from "node:zlib"
import { mix32 } from "./Random.ts"

/** Width and height of an avatar, pixels. */
export const avatarSize = 96

/** Cells across the symmetric pattern, and their size in pixels. */
const cells = 6
const cell = avatarSize / cells

/** Shades of the background, from one corner to the other. */
const shades = 8

type Colour = readonly [red: number, green: number, blue: number]

/** Hue in degrees, the rest 0 to 1. */
const hsl = (hue: number, saturation: number, lightness: number): Colour => {
  const reach = saturation * Math.min(lightness, 1 - lightness)
  const channel = (offset: number): number => {
    const k = (offset + hue / 30) % 12
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))))
  }
  return [channel(0), channel(8), channel(4)]
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** Length, type, data and checksum, as PNG wants every part of a file. */
const chunk = (type: string, data: Uint8Array): Buffer => {
  const out = Buffer.alloc(data.length + 12)
  out.writeUInt32BE(data.length, 0)
  out.write(type, 4, "latin1")
  out.set(data, 8)
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8)
  return out
}

const header = (): Buffer => {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(avatarSize, 0)
  data.writeUInt32BE(avatarSize, 4)
  // 4 bits a pixel, colours from a palette; deflate, no filters chosen per image, not interlaced.
  data.set([4, 3, 0, 0, 0], 8)
  return chunk("IHDR", data)
}

const ihdr = header()
const iend = chunk("IEND", new Uint8Array())

/** FNV-1a over UTF-16 code units. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return mix32(value)
}

/** Colours 0 to 7: the background's shades; 8 and 9: the pattern's. */
const paletteOf = (seed: number): Uint8Array => {
  const hue = seed % 360
  const turn = 20 + (mix32(seed) % 50)
  const background = Array.from({ length: shades }, (_, at) =>
    hsl(hue + (turn * at) / shades, 0.55, 0.86 - at * 0.02)
  )
  const pattern = [hsl(hue + 180 + turn, 0.5, 0.42), hsl(hue + 150, 0.6, 0.58)]
  return Uint8Array.from([...background, ...pattern].flat())
}

/** What each cell shows: 0 background, 1 or 2 the pattern's colours; the right half mirrors the left. */
const patternOf = (seed: number): ReadonlyArray<number> => {
  const half: Array<number> = []
  let bits = seed
  for (let at = 0; at < (cells * cells) / 2; at += 1) {
    bits = mix32(bits + at)
    half.push(bits % 16 < 7 ? 1 + ((bits >>> 16) % 2) : 0)
  }
  // An empty face is no face.
  half[cells] = 1
  return half
}

/** The image's rows: one byte that says "no filter", then two pixels a byte. */
const pixelsOf = (seed: number): Uint8Array => {
  const stride = avatarSize / 2 + 1
  const rows = new Uint8Array(stride * avatarSize)
  const pattern = patternOf(seed)
  for (let y = 0; y < avatarSize; y += 1) {
    for (let x = 0; x < avatarSize; x += 1) {
      const column = Math.min(Math.floor(x / cell), cells - 1 - Math.floor(x / cell))
      const shape = pattern[Math.floor(y / cell) * (cells / 2) + column] ?? 0
      // The shades run from corner to corner in bands as wide as half a cell, which deflate packs well.
      const shade = Math.floor(((x >> 3) + (y >> 3)) / 3)
      const colour = shape === 0 ? Math.min(shades - 1, shade) : shades - 1 + shape
      const at = y * stride + 1 + (x >> 1)
      rows[at] = (rows[at] ?? 0) | (x % 2 === 0 ? colour << 4 : colour)
    }
  }
  return rows
}

/**
 * An avatar for a handle: a symmetric pattern over a soft gradient, always the same for the same text. PNG, 96 x 96, a few
 * hundred bytes; a raster, so that nothing in it can run in a browser.
 */
export const avatarPng = (handle: string): Uint8Array => {
  const seed = hash(handle)
  const image = deflateSync(pixelsOf(seed), { level: 6 })
  return Buffer.concat([signature, ihdr, chunk("PLTE", paletteOf(seed)), chunk("IDAT", image), iend])
}
