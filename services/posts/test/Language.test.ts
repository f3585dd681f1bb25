import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { detectLanguage } from "../src/Language.ts"

describe("the language of a post", () => {
  it.each([
    ["en", "I made this cake for my sister's birthday and everybody loved it"],
    ["es", "Hoy os enseño cómo preparar la mejor tortilla de patatas de mi abuela"],
    ["de", "Heute zeige ich euch, wie man den besten Apfelkuchen der Welt backt"],
    ["fr", "Aujourd'hui je vous montre comment préparer une tarte aux pommes"],
    ["pt", "Hoje vou mostrar para vocês como fazer o melhor bolo de chocolate"],
    ["it", "Oggi vi faccio vedere come si prepara la vera pizza napoletana"],
    ["tr", "Bugün sizlere en güzel kahvaltı tarifini göstereceğim"],
    ["ja", "今日は友達と一緒に東京タワーに行って写真をたくさん撮りました"],
    ["th", "วันนี้เราจะมาทำอาหารไทยกันนะคะ อร่อยมากเลย"],
    ["ar", "اليوم سأريكم كيف تحضرون أفضل قهوة في المنزل"],
    ["ru", "Сегодня я покажу вам, как приготовить самый вкусный борщ"],
    ["hi", "आज मैं आपको दिखाऊँगा कि घर पर सबसे अच्छी चाय कैसे बनाते हैं"],
    ["ko", "오늘은 집에서 맛있는 커피를 만드는 방법을 보여드릴게요"]
  ])("is %s of %j", (language, text) => {
    assert.strictEqual(detectLanguage(text), language)
  })

  it.each(["", "wow", "12345 67890 12345", "🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥"])("is not known of %j", (text) => {
    assert.isNull(detectLanguage(text))
  })

  it("is a code or nothing, for any text", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.fullUnicodeString({ maxLength: 400 }), (text) => {
        const language = detectLanguage(text)
        if (language !== null) assert.match(language, /^[a-z]{2,3}$/)
      })
    )
  })
})
