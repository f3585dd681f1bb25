import type { BioVocabulary } from "../BioVocabulary.ts"

export const english: BioVocabulary = {
  patterns: [
    "{a} and {b} from {city}",
    "Mostly {a}, sometimes {b}",
    "Sharing {a}, {b} and what I learn on the way",
    "{city} based: {a}, {b}",
    "Here for {a}, staying for {b}",
    "Honest notes on {a} and {b}",
    "A small corner of the internet for {a} and {b}",
    "Everyday life with {a} and {b} | {city}"
  ],
  closings: [
    "New posts every week.",
    "Collabs: link below.",
    "Questions welcome.",
    "Opinions are mine.",
    "Say hi!"
  ],
  live: ["Live Tuesday to Friday, 8 pm.", "Live most evenings.", "Weekend streams."],
  topics: {
    fitness: ["strength training", "home workouts", "running plans"],
    fashion: ["capsule wardrobes", "thrifted outfits", "slow fashion"],
    beauty: ["skincare routines", "everyday makeup", "honest product reviews"],
    food: ["weeknight recipes", "sourdough baking", "street food"],
    travel: ["budget travel", "night trains", "hidden beaches"],
    gaming: ["speedruns", "indie games", "co-op nights"],
    technology: ["gadget reviews", "home automation", "open source"],
    music: ["bedroom pop", "guitar covers", "vinyl finds"],
    parenting: ["life with twins", "toddler meals", "gentle parenting"],
    education: ["study tips", "maths made simple", "exam prep"],
    finance: ["index funds", "budgeting", "first-home savings"],
    photography: ["street photography", "film cameras", "mountain light"],
    art: ["watercolour", "digital illustration", "sketchbook tours"],
    books: ["fantasy novels", "reading lists", "book reviews"],
    pets: ["rescue dogs", "cat training", "puppy care"],
    gardening: ["balcony gardens", "heirloom tomatoes", "houseplants"],
    cars: ["classic cars", "track days", "electric vehicles"],
    football: ["match analysis", "youth football", "transfer talk"],
    comedy: ["office sketches", "dad jokes", "short parodies"],
    dance: ["hip-hop choreography", "ballet basics", "dance challenges"],
    wellness: ["yoga flows", "breathing exercises", "better sleep"],
    interiors: ["small-space design", "furniture flips", "cosy corners"],
    science: ["backyard astronomy", "kitchen chemistry", "climate science"],
    business: ["startup lessons", "B2B marketing", "remote leadership"]
  }
}
