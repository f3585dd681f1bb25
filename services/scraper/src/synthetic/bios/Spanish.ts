import type { BioVocabulary } from "../BioVocabulary.ts"

export const spanish: BioVocabulary = {
  patterns: [
    "{a} y {b} desde {city}",
    "Sobre todo {a}, a veces {b}",
    "Comparto {a}, {b} y lo que voy aprendiendo",
    "Desde {city}: {a}, {b}",
    "Un rincón para hablar de {a} y {b}",
    "Mi día a día entre {a} y {b}",
    "{a}, {b} y mucho café | {city}"
  ],
  closings: [
    "Nuevo contenido cada semana.",
    "Colaboraciones: enlace abajo.",
    "Escríbeme sin miedo.",
    "¡Gracias por estar aquí!"
  ],
  live: ["En directo de martes a viernes.", "En directo casi todas las noches."],
  topics: {
    fitness: ["entrenamiento de fuerza", "rutinas en casa", "planes para correr"],
    fashion: ["armario cápsula", "ropa de segunda mano", "moda sostenible"],
    beauty: ["cuidado de la piel", "maquillaje natural", "reseñas sinceras"],
    food: ["recetas fáciles", "pan casero", "comida callejera"],
    travel: ["viajes baratos", "trenes nocturnos", "playas escondidas"],
    gaming: ["juegos independientes", "partidas en equipo", "retos de velocidad"],
    technology: ["análisis de móviles", "domótica", "software libre"],
    music: ["canciones propias", "versiones de guitarra", "discos de vinilo"],
    parenting: ["vida con mellizos", "crianza respetuosa", "meriendas infantiles"],
    education: ["técnicas de estudio", "matemáticas fáciles", "preparación de exámenes"],
    finance: ["fondos indexados", "ahorro familiar", "finanzas personales"],
    photography: ["fotografía callejera", "cámaras analógicas", "luz de montaña"],
    art: ["acuarela", "ilustración digital", "cuadernos de bocetos"],
    books: ["novela fantástica", "listas de lectura", "reseñas de libros"],
    pets: ["perros adoptados", "educación felina", "cuidado de cachorros"],
    gardening: ["huerto en el balcón", "tomates antiguos", "plantas de interior"],
    cars: ["coches clásicos", "tandas en circuito", "coches eléctricos"],
    football: ["análisis de partidos", "fútbol base", "mercado de fichajes"],
    comedy: ["humor de oficina", "parodias cortas", "chistes malos"],
    dance: ["coreografías urbanas", "salsa y bachata", "retos de baile"],
    wellness: ["yoga suave", "ejercicios de respiración", "dormir mejor"],
    interiors: ["pisos pequeños", "muebles restaurados", "rincones acogedores"],
    science: ["astronomía casera", "química de cocina", "ciencia del clima"],
    business: ["lecciones de emprendedor", "marketing digital", "liderazgo a distancia"]
  }
}
