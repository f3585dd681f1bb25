import { listSeparator } from "./JsonRecords.ts"
import { folded } from "./Text.ts"
import { isMissing, missing, type Outcome, value } from "./Values.ts"

/**
 * One English spelling per topic, with the other spellings and the Spanish names of the same topic. Case, marks and `&`
 * against `and` do not matter. A topic that is not here keeps its own words.
 */
const spellings: Readonly<Record<string, ReadonlyArray<string>>> = {
  "Music & Dance": ["Música y baile", "Música y danza", "Dance & Music"],
  Music: ["Música", "Musics"],
  Dance: ["Baile", "Danza"],
  "Movies & TV": [
    "Cine y TV",
    "Cine y televisión",
    "Películas y series",
    "Movies and Series",
    "TV & Movies",
    "Cinema & Actors/actresses"
  ],
  Movies: ["Películas", "Cine", "Film", "Films", "Movie", "Cinema"],
  Animation: ["Animación", "Animations", "Dibujos animados", "Cartoons"],
  "Video games": ["Videojuegos", "Gaming", "Video Game", "Videogames", "Juegos", "Games", "Gamer"],
  Humor: ["Comedia", "Comedy", "Humour", "Humor & Fun & Happiness", "Funny"],
  "Daily vlogs": ["Vlogs diarios", "Vlogs", "Vlog", "Daily vlog"],
  "News & Politics": ["Noticias y Política", "Política y noticias"],
  News: ["Noticias"],
  Politics: ["Política"],
  Education: ["Educación", "Educational", "Educativo"],
  Toys: ["Juguetes", "Toy"],
  Sports: ["Deportes", "Deporte", "Sport"],
  Football: ["Fútbol", "Soccer"],
  "Science & Technology": [
    "Ciencia y tecnología",
    "Science & Tech",
    "Technology & Science",
    "Tech & Science"
  ],
  Technology: ["Tecnología", "Tech"],
  Science: ["Ciencia", "Sciences"],
  "Food & Drinks": ["Comida y bebida", "Food & Beverage", "Food and drink", "Comida y bebidas"],
  Food: ["Comida", "Foods"],
  Cooking: ["Cocina", "Food & Cooking", "Cocina y gastronomía", "Cookery", "Recetas"],
  Fitness: ["Fitness & Gym", "Gym"],
  "Health & Self Help": ["Salud y autoayuda", "Health and Self-help"],
  Health: ["Salud"],
  "DIY & Life Hacks": ["DIY y Life Hacks", "Bricolaje y trucos", "DIY & Lifehacks"],
  DIY: ["Bricolaje", "Manualidades", "Crafts/DIY"],
  "Design/Art": ["Diseño/arte", "Design & Art", "Diseño y arte", "Art & Design", "Art/Artists"],
  Art: ["Arte", "Arts"],
  Design: ["Diseño"],
  "Animals & Pets": ["Animales y mascotas", "Pets & Animals", "Mascotas y animales"],
  Animals: ["Animales"],
  Pets: ["Mascotas"],
  Fashion: ["Moda"],
  "Fashion & Beauty": ["Moda y belleza", "Beauty & Fashion", "Belleza y moda"],
  Beauty: ["Belleza", "Beauty & Makeup"],
  "Cars & Vehicles": ["Coches y vehículos", "Autos & Vehicles", "Autos y vehículos", "Cars & Motorbikes"],
  Cars: ["Coches", "Autos"],
  Travel: ["Viajes", "Viaje", "Traveling", "Travelling"],
  Shows: ["Espectáculos", "Show"],
  Entertainment: ["Entretenimiento"],
  Lifestyle: ["Estilo de vida", "Life style"],
  Photography: ["Fotografía", "Photo"],
  Family: ["Familia", "Familia e hijos"],
  "Kids & Toys": ["Niños y juguetes"],
  Kids: ["Niños", "Children", "Infantil"],
  Nature: ["Naturaleza"],
  "Nature & Landscapes": ["Naturaleza y paisajes"],
  Business: ["Negocios", "Empresa"],
  "Business & Careers": ["Negocios y carreras"],
  Finance: ["Finanzas", "Finance & Economics", "Finanzas y economía"],
  Books: ["Libros", "Literatura", "Literature/Journalism", "Literature"],
  Religion: ["Religión"],
  History: ["Historia"],
  Luxury: ["Lujo"],
  Celebrities: ["Celebrity", "Famosos", "Celebridades"],
  "Models & Modeling": ["Modeling", "Modelos", "Modelling", "Models"],
  "People & Blogs": ["Gente y blogs"],
  "Howto & Style": ["Consejos y estilo", "How-to & Style", "How to and Style"],
  "Film & Animation": ["Cine y animación"],
  "Nonprofits & Activism": ["ONG y activismo", "Nonprofit & Activism"],
  "Travel & Events": ["Viajes y eventos"],
  ASMR: []
}

const canonical = (() => {
  const names = new Map<string, string>()
  for (const [name, others] of Object.entries(spellings))
    for (const spelling of [name, ...others]) names.set(categoryKey(spelling), name)
  return names
})()

function categoryKey(text: string): string {
  return folded(text).replace(/ (?:y|e|et|und) /g, " and ")
}

export const isKnownCategory = (text: string): boolean => canonical.has(categoryKey(text))

const nameOf = (part: string): string => {
  const known = canonical.get(categoryKey(part))
  if (known !== undefined) return known
  const text = part.replace(/\s+/g, " ").trim()
  const letters = text.replace(/[^\p{L}]/gu, "")
  // One topic written in three ways is one topic; short capitals (ASMR, BMX) are names in themselves.
  if (letters !== "" && letters === letters.toLowerCase()) return text.charAt(0).toUpperCase() + text.slice(1)
  if (letters.length > 5 && letters === letters.toUpperCase())
    return text.charAt(0) + text.slice(1).toLowerCase()
  return text
}

const splitCell = (cell: string): ReadonlyArray<string> => {
  if (cell.includes(listSeparator)) return cell.split(listSeparator)
  if (isKnownCategory(cell)) return [cell]
  const bare = /^\s*\[.*\]\s*$/s.test(cell)
    ? cell.replace(/^\s*\[|\]\s*$/g, "").replace(/(^|,)\s*['"]|['"]\s*(?=,|$)/g, "$1")
    : cell
  return bare.split(/[,;|\n]|\s[/•·>]\s/)
}

const maxCategories = 20

/** The topics in a cell, several ones separated by comma, semicolon, bar or a slash between blanks; never by `&` or `y`. */
export const parseCategories = (cell: string): Outcome<ReadonlyArray<string>> => {
  if (isMissing(cell)) return missing
  const names = new Set<string>()
  for (const part of splitCell(cell)) {
    const text = part.trim()
    if (!isMissing(text) && names.size < maxCategories && text.length <= 100) names.add(nameOf(text))
  }
  return names.size === 0 ? missing : value(Array.from(names))
}
