import type { Platform } from "../Platform.ts"

/** Where a platform's addresses of posts have the key, the first match decides. */
const patterns: { readonly [P in Platform]: ReadonlyArray<RegExp> } = {
  instagram: [/instagram\.com\/(?:[\w.]+\/)?(?:p|reels?|tv)\/([\w-]+)/i],
  tiktok: [/tiktok\.com\/.*\/(?:video|photo)\/(\d+)/i],
  youtube: [
    /youtube\.com\/watch\?(?:\S*&)?v=([\w-]{11})/i,
    /(?:youtu\.be|youtube\.com\/(?:shorts|live|embed))\/([\w-]{11})/i
  ],
  x: [/(?:twitter|x)\.com\/\w+\/status(?:es)?\/(\d+)/i],
  twitch: [/twitch\.tv\/videos\/(\d+)/i, /(?:clips\.twitch\.tv|\/clip)\/([\w-]+)/i],
  linkedin: [/(urn:li:(?:activity|share|ugcPost):\d+)/, /linkedin\.com\/posts\/.*-activity-(\d+)/i]
}

/** The key by which a platform knows the post at an address; undefined when it cannot be told. */
export const postKeyIn = (platform: Platform, url: string): string | undefined => {
  for (const pattern of patterns[platform]) {
    const key = pattern.exec(url)?.[1]
    if (key !== undefined) return platform === "linkedin" && /^\d/.test(key) ? `urn:li:activity:${key}` : key
  }
  return undefined
}
