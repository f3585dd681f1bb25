import type { Platform } from "@influscope/domain/Platform"

/** What an invented creator is about. `weight` is its share of all niches where a platform says nothing else. */
export interface NicheDefinition {
  /** The category, in English, as profiles carry it. */
  readonly label: string
  /** A neighbouring category that some profiles carry too. */
  readonly related: string
  /** A word for handles: letters only. */
  readonly word: string
  readonly emoji: readonly [string, string]
  readonly weight: number
  /** How much more or less likely than usual on a platform. */
  readonly on: { readonly [P in Platform]?: number }
}

export const niches = {
  fitness: {
    label: "Fitness",
    related: "Health",
    word: "fit",
    emoji: ["💪", "🏋️"],
    weight: 9,
    on: { twitch: 0.1, linkedin: 0.3 }
  },
  fashion: {
    label: "Fashion",
    related: "Style",
    word: "style",
    emoji: ["👗", "🧵"],
    weight: 9,
    on: { twitch: 0.05, linkedin: 0.3, instagram: 1.5 }
  },
  beauty: {
    label: "Beauty",
    related: "Skincare",
    word: "glow",
    emoji: ["💄", "✨"],
    weight: 8,
    on: { twitch: 0.1, linkedin: 0.1, x: 0.4 }
  },
  food: {
    label: "Food",
    related: "Recipes",
    word: "eats",
    emoji: ["🍜", "🥖"],
    weight: 8,
    on: { twitch: 0.3, linkedin: 0.2 }
  },
  travel: {
    label: "Travel",
    related: "Lifestyle",
    word: "travels",
    emoji: ["✈️", "🌍"],
    weight: 7,
    on: { twitch: 0.2, linkedin: 0.2 }
  },
  gaming: {
    label: "Gaming",
    related: "Esports",
    word: "plays",
    emoji: ["🎮", "🕹️"],
    weight: 6,
    on: { twitch: 14, youtube: 2, instagram: 0.5, linkedin: 0.1 }
  },
  technology: {
    label: "Technology",
    related: "Gadgets",
    word: "tech",
    emoji: ["💻", "📱"],
    weight: 5,
    on: { linkedin: 4, x: 3, youtube: 1.6 }
  },
  music: {
    label: "Music",
    related: "Entertainment",
    word: "music",
    emoji: ["🎸", "🎧"],
    weight: 6,
    on: { twitch: 1.5, linkedin: 0.1 }
  },
  parenting: {
    label: "Parenting",
    related: "Family",
    word: "family",
    emoji: ["👶", "🧸"],
    weight: 4,
    on: { twitch: 0.05, linkedin: 0.3 }
  },
  education: {
    label: "Education",
    related: "Learning",
    word: "learns",
    emoji: ["📚", "✏️"],
    weight: 4,
    on: { linkedin: 4, youtube: 1.6 }
  },
  finance: {
    label: "Finance",
    related: "Investing",
    word: "money",
    emoji: ["📈", "💶"],
    weight: 3,
    on: { linkedin: 6, x: 3, twitch: 0.2 }
  },
  photography: {
    label: "Photography",
    related: "Art",
    word: "photo",
    emoji: ["📷", "🌅"],
    weight: 4,
    on: { instagram: 2, twitch: 0.1 }
  },
  art: {
    label: "Art",
    related: "Illustration",
    word: "draws",
    emoji: ["🎨", "🖌️"],
    weight: 4,
    on: { twitch: 1.5, linkedin: 0.3 }
  },
  books: {
    label: "Books",
    related: "Literature",
    word: "reads",
    emoji: ["📖", "☕"],
    weight: 2,
    on: { x: 2, twitch: 0.1 }
  },
  pets: {
    label: "Pets",
    related: "Animals",
    word: "pets",
    emoji: ["🐶", "🐱"],
    weight: 4,
    on: { twitch: 0.2, linkedin: 0.05 }
  },
  gardening: {
    label: "Gardening",
    related: "Plants",
    word: "garden",
    emoji: ["🌱", "🌻"],
    weight: 2,
    on: { twitch: 0.05, linkedin: 0.1 }
  },
  cars: {
    label: "Cars",
    related: "Motorsport",
    word: "drives",
    emoji: ["🚗", "🏁"],
    weight: 3,
    on: { youtube: 1.7, linkedin: 0.3 }
  },
  football: {
    label: "Football",
    related: "Sports",
    word: "goals",
    emoji: ["⚽", "🥅"],
    weight: 4,
    on: { x: 3, twitch: 0.8, linkedin: 0.1 }
  },
  comedy: {
    label: "Comedy",
    related: "Entertainment",
    word: "laughs",
    emoji: ["😂", "🎭"],
    weight: 5,
    on: { tiktok: 2.5, linkedin: 0.05 }
  },
  dance: {
    label: "Dance",
    related: "Entertainment",
    word: "dances",
    emoji: ["💃", "🕺"],
    weight: 3,
    on: { tiktok: 2.5, twitch: 0.2, linkedin: 0.02, x: 0.2 }
  },
  wellness: {
    label: "Wellness",
    related: "Mindfulness",
    word: "calm",
    emoji: ["🧘", "🌿"],
    weight: 4,
    on: { twitch: 0.1, linkedin: 1.2 }
  },
  interiors: {
    label: "Home & Interiors",
    related: "DIY",
    word: "home",
    emoji: ["🛋️", "🪴"],
    weight: 3,
    on: { twitch: 0.05, linkedin: 0.4 }
  },
  science: {
    label: "Science",
    related: "Education",
    word: "lab",
    emoji: ["🔬", "🔭"],
    weight: 2,
    on: { x: 2.5, youtube: 1.8, linkedin: 1.5 }
  },
  business: {
    label: "Business",
    related: "Marketing",
    word: "works",
    emoji: ["🚀", "📊"],
    weight: 3,
    on: { linkedin: 14, x: 2, twitch: 0.05 }
  }
} as const satisfies { readonly [name: string]: NicheDefinition }

export type Niche = keyof typeof niches

export const nicheNames: ReadonlyArray<Niche> = [
  "fitness",
  "fashion",
  "beauty",
  "food",
  "travel",
  "gaming",
  "technology",
  "music",
  "parenting",
  "education",
  "finance",
  "photography",
  "art",
  "books",
  "pets",
  "gardening",
  "cars",
  "football",
  "comedy",
  "dance",
  "wellness",
  "interiors",
  "science",
  "business"
]

export const nicheOf = (niche: Niche): NicheDefinition => niches[niche]
