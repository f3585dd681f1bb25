import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { lengthOf, textParts } from "../../src/posts/TextParts.ts"

/** Any text, with the characters that matter here more often than chance would have them. */
const anyText = FastCheck.array(
  FastCheck.oneof(
    FastCheck.fullUnicode(),
    FastCheck.constantFrom("#", "@", " ", "\n", ".", "a", "Z", "7", "é", "日", "ไ", "م", "👩‍🍳", "🇪🇸", "❤️"),
    FastCheck.constantFrom(
      "#tag",
      " @user.name ",
      "https://a.bc/x?y=1",
      "www.a.bc",
      "bit.ly/x",
      "\ud800",
      "\u200d"
    )
  ),
  { maxLength: 40 }
).map((parts) => parts.join(""))

const check = <Ts extends [unknown, ...Array<unknown>]>(property: FastCheck.IPropertyWithHooks<Ts>): void =>
  FastCheck.assert(property, { numRuns: 2_000 })

describe("words", () => {
  it.each([
    ["Hello, world! It's 5 o'clock.", ["Hello", "world", "It's", "5", "o'clock"]],
    ["Ça va? Où est l’été", ["Ça", "va", "Où", "est", "l’été"]],
    ["Привет, как дела?", ["Привет", "как", "дела"]],
    ["مرحبا بالعالم", ["مرحبا", "بالعالم"]],
    ["안녕하세요 여러분", ["안녕하세요", "여러분"]],
    ["🔥🔥 wow 👩‍🍳🇪🇸", ["wow"]],
    ["", []]
  ])("of %j", (text, words) => {
    assert.deepStrictEqual(textParts(text).words, words)
  })

  it("of languages written without blanks are found by dictionaries", () => {
    assert.deepStrictEqual(textParts("日本語を勉強します").words.slice(0, 2), ["日本語", "を"])
    assert.deepStrictEqual(textParts("สวัสดีครับ").words, ["สวัสดี", "ครับ"])
    assert.isAbove(textParts("我喜欢喝咖啡").words.length, 2)
  })

  it("do not count tags, mentions, links and emoji", () => {
    const parts = textParts("Go #run with @ana.cooks at https://a.bc/x (soon) 🏃")
    assert.deepStrictEqual(parts.words, ["Go", "with", "at", "soon"])
    assert.deepStrictEqual(parts.hashtags, ["run"])
    assert.deepStrictEqual(parts.mentions, ["ana.cooks"])
    assert.deepStrictEqual(parts.links, ["https://a.bc/x"])
    assert.strictEqual(parts.emoji, 1)
  })
})

describe("hashtags", () => {
  it.each([
    ["#Hola #hola #HOLA", ["hola"]],
    ["#2026goals but not #1 nor #２", ["2026goals"]],
    ["#東京タワー、#日本", ["東京タワー", "日本"]],
    ["＃全角", ["全角"]],
    ["#हिन्दी #مرحبا_بكم", ["हिन्दी", "مرحبا_بكم"]],
    ["a#b &#39; x/#y ##double", ["double"]],
    ["#one#two", ["one"]],
    ["#snake_case-not", ["snake_case"]]
  ])("of %j", (text, hashtags) => {
    assert.deepStrictEqual(textParts(text).hashtags, hashtags)
  })

  it("are a hundred at most", () => {
    const text = Array.from({ length: 150 }, (_, place) => `#t${place}`).join(" ")
    assert.strictEqual(textParts(text).hashtags.length, 100)
  })
})

describe("mentions", () => {
  it.each([
    ["thanks @Ana.Cooks, and @bob_!", ["ana.cooks", "bob_"]],
    ["write to me@mail.com", []],
    ["@@double .@dotted", []]
  ])("of %j", (text, mentions) => {
    assert.deepStrictEqual(textParts(text).mentions, mentions)
  })
})

describe("links", () => {
  it.each([
    ["see https://a.bc/d?e=f#g.", ["https://a.bc/d?e=f#g"]],
    ["(http://a.bc) www.x.yz/ü", ["http://a.bc", "www.x.yz/"]],
    ["https://t.co/abcを見て", ["https://t.co/abc"]],
    ["bit.ly/abc but not e.g. nor 3.14", ["bit.ly/abc"]],
    ["https://a.bc/#frag @x", ["https://a.bc/#frag"]]
  ])("of %j", (text, links) => {
    assert.deepStrictEqual(textParts(text).links, links)
  })
})

describe("emoji", () => {
  it.each([
    ["👩‍👩‍👧‍👦🇪🇸👍🏽", 3],
    ["❤️ but ❤ alone is text", 1],
    ["1️⃣ 2 #", 1],
    ["© ™ ☎", 0]
  ])("of %j", (text, emoji) => {
    assert.strictEqual(textParts(text).emoji, emoji)
  })
})

describe("sentences", () => {
  it.each([
    ["One. Two! Three? Four", 4],
    ["No end", 1],
    ["First line\nsecond line", 2],
    ["今日は晴れ。明日は雨。", 2],
    ["🔥🔥🔥", 0],
    ["", 0]
  ])("of %j", (text, sentences) => {
    assert.strictEqual(textParts(text).sentences, sentences)
  })
})

describe("characters", () => {
  it("are those that a reader sees", () => {
    assert.strictEqual(lengthOf("👩‍👩‍👧‍👦"), 1)
    assert.strictEqual(lengthOf("e\u0301"), 1)
    assert.strictEqual(lengthOf("a\r\nb"), 3)
    assert.strictEqual(lengthOf("สวัสดี"), 4)
  })

  it("are no more than the code points", () => {
    check(
      FastCheck.property(anyText, (text) => {
        assert.isAtMost(lengthOf(text), [...text].length)
      })
    )
  })
})

describe("any text", () => {
  it("has parts that stand in it, each once", () => {
    check(
      FastCheck.property(anyText, (text) => {
        const parts = textParts(text)
        for (const list of [parts.hashtags, parts.mentions, parts.links])
          assert.deepStrictEqual([...new Set(list)], list)
        for (const tag of parts.hashtags) assert.match(tag, /[\p{L}]/u)
        for (const link of parts.links) assert.include(text, link)
        for (const word of parts.words) assert.include(text, word)
        assert.isAtMost(parts.emoji, parts.characters)
      })
    )
  })

  it("has the words of its lines", () => {
    const line = FastCheck.string({ maxLength: 30 })
    check(
      FastCheck.property(line, line, (first, second) => {
        const both = textParts(`${first}\n\n${second}`)
        assert.strictEqual(both.words.length, textParts(first).words.length + textParts(second).words.length)
      })
    )
  })

  it("is taken apart in linear time", () => {
    for (const unit of ["a.", "#", "@a", "https://", "a-b.c/", "#a#", "1.2.", "👩‍"]) {
      const long = unit.repeat(Math.floor(25_000 / unit.length))
      assert.isAtLeast(textParts(long).characters, 1)
    }
  })
})
