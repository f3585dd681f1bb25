import type { BioVocabulary } from "../BioVocabulary.ts"

export const french: BioVocabulary = {
  patterns: [
    "{a} et {b} depuis {city}",
    "Surtout {a}, parfois {b}",
    "Au programme : {a}, {b} et mes découvertes",
    "{city} | {a}, {b}",
    "Un petit coin pour {a} et {b}",
    "Mon quotidien entre {a} et {b}",
    "Carnet de bord : {a}, {b}"
  ],
  closings: [
    "Du nouveau chaque semaine.",
    "Collaborations : lien ci-dessous.",
    "Vos questions sont bienvenues.",
    "Merci d'être là !"
  ],
  live: ["En direct du mardi au vendredi.", "En direct presque tous les soirs."],
  topics: {
    fitness: ["musculation", "sport à la maison", "course à pied"],
    fashion: ["garde-robe minimaliste", "friperies", "mode durable"],
    beauty: ["soins de la peau", "maquillage naturel", "avis sincères"],
    food: ["recettes du soir", "pain au levain", "cuisine de rue"],
    travel: ["voyages à petit prix", "trains de nuit", "plages cachées"],
    gaming: ["jeux indépendants", "parties en équipe", "défis de vitesse"],
    technology: ["tests de téléphones", "maison connectée", "logiciels libres"],
    music: ["chansons maison", "reprises à la guitare", "disques vinyles"],
    parenting: ["vie avec des jumeaux", "parentalité positive", "goûters d'enfants"],
    education: ["méthodes de travail", "maths sans peur", "préparation aux examens"],
    finance: ["fonds indiciels", "budget familial", "épargne simple"],
    photography: ["photo de rue", "appareils argentiques", "lumière de montagne"],
    art: ["aquarelle", "illustration numérique", "carnets de croquis"],
    books: ["romans fantastiques", "listes de lecture", "critiques de livres"],
    pets: ["chiens adoptés", "éducation du chat", "soins du chiot"],
    gardening: ["potager de balcon", "tomates anciennes", "plantes d'intérieur"],
    cars: ["voitures anciennes", "journées circuit", "voitures électriques"],
    football: ["analyse de matchs", "foot amateur", "marché des transferts"],
    comedy: ["humour de bureau", "parodies courtes", "blagues nulles"],
    dance: ["chorégraphies hip-hop", "danse classique", "défis de danse"],
    wellness: ["yoga doux", "exercices de respiration", "meilleur sommeil"],
    interiors: ["petits espaces", "meubles chinés", "coins douillets"],
    science: ["astronomie amateur", "chimie en cuisine", "science du climat"],
    business: ["leçons de start-up", "marketing digital", "management à distance"]
  }
}
