import type { BioVocabulary } from "../BioVocabulary.ts"

export const italian: BioVocabulary = {
  patterns: [
    "{a} e {b} da {city}",
    "Soprattutto {a}, a volte {b}",
    "Racconto {a}, {b} e quello che imparo",
    "{city} | {a}, {b}",
    "Un angolo dedicato a {a} e {b}",
    "La mia vita tra {a} e {b}",
    "Appunti sinceri: {a}, {b}"
  ],
  closings: [
    "Nuovi contenuti ogni settimana.",
    "Collaborazioni: link qui sotto.",
    "Scrivimi quando vuoi.",
    "Grazie di essere qui!"
  ],
  live: ["In diretta dal martedì al venerdì.", "In diretta quasi ogni sera."],
  topics: {
    fitness: ["allenamento di forza", "esercizi a casa", "corsa"],
    fashion: ["guardaroba essenziale", "moda vintage", "moda sostenibile"],
    beauty: ["cura della pelle", "trucco naturale", "recensioni oneste"],
    food: ["ricette veloci", "pane fatto in casa", "cibo di strada"],
    travel: ["viaggi economici", "treni notturni", "spiagge nascoste"],
    gaming: ["giochi indie", "partite in squadra", "sfide di velocità"],
    technology: ["prove di smartphone", "casa intelligente", "software libero"],
    music: ["canzoni mie", "cover di chitarra", "dischi in vinile"],
    parenting: ["vita con i gemelli", "educazione gentile", "merende per bambini"],
    education: ["metodo di studio", "matematica facile", "preparazione agli esami"],
    finance: ["fondi indicizzati", "bilancio familiare", "risparmio quotidiano"],
    photography: ["fotografia di strada", "macchine analogiche", "luce di montagna"],
    art: ["acquerello", "illustrazione digitale", "quaderni di schizzi"],
    books: ["romanzi fantasy", "liste di lettura", "recensioni di libri"],
    pets: ["cani adottati", "educazione del gatto", "cura dei cuccioli"],
    gardening: ["orto sul balcone", "pomodori antichi", "piante da interno"],
    cars: ["auto d'epoca", "giornate in pista", "auto elettriche"],
    football: ["analisi delle partite", "calcio giovanile", "calciomercato"],
    comedy: ["umorismo da ufficio", "parodie brevi", "battute pessime"],
    dance: ["coreografie hip-hop", "danza classica", "sfide di ballo"],
    wellness: ["yoga dolce", "esercizi di respirazione", "sonno migliore"],
    interiors: ["piccoli spazi", "mobili restaurati", "angoli accoglienti"],
    science: ["astronomia amatoriale", "chimica in cucina", "scienza del clima"],
    business: ["lezioni di startup", "marketing digitale", "lavoro a distanza"]
  }
}
