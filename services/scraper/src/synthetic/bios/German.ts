import type { BioVocabulary } from "../BioVocabulary.ts"

export const german: BioVocabulary = {
  patterns: [
    "{a} und {b} aus {city}",
    "Meistens {a}, manchmal {b}",
    "Hier geht es um {a}, {b} und den Weg dahin",
    "{city} | {a}, {b}",
    "Ein Platz für {a} und {b}",
    "Alltag zwischen {a} und {b}",
    "Ehrliches über {a} und {b}"
  ],
  closings: [
    "Jede Woche etwas Neues.",
    "Kooperationen: siehe Link.",
    "Fragen sind willkommen.",
    "Schön, dass du da bist!"
  ],
  live: ["Live von Dienstag bis Freitag.", "Live fast jeden Abend."],
  topics: {
    fitness: ["Krafttraining", "Training zu Hause", "Laufpläne"],
    fashion: ["Mode aus zweiter Hand", "Basisgarderobe", "nachhaltige Mode"],
    beauty: ["Hautpflege", "Make-up für jeden Tag", "ehrliche Produkttests"],
    food: ["Feierabendrezepte", "Sauerteigbrot", "Straßenküche"],
    travel: ["Reisen mit wenig Geld", "Nachtzüge", "versteckte Strände"],
    gaming: ["Indie-Spiele", "Koop-Abende", "Bestzeitenjagd"],
    technology: ["Gerätetests", "Smart Home", "freie Software"],
    music: ["eigene Lieder", "Gitarrencover", "Schallplatten"],
    parenting: ["Leben mit Zwillingen", "Familienküche", "gelassene Erziehung"],
    education: ["Lerntipps", "Mathe ohne Angst", "Prüfungsvorbereitung"],
    finance: ["Indexfonds", "Haushaltsplanung", "Sparen im Alltag"],
    photography: ["Straßenfotografie", "analoge Kameras", "Licht in den Bergen"],
    art: ["Aquarell", "digitale Illustration", "Skizzenbücher"],
    books: ["Fantasyromane", "Leselisten", "Buchkritiken"],
    pets: ["Tierschutzhunde", "Katzenerziehung", "Welpenpflege"],
    gardening: ["Balkongärten", "alte Tomatensorten", "Zimmerpflanzen"],
    cars: ["Oldtimer", "Rennstreckentage", "Elektroautos"],
    football: ["Spielanalysen", "Jugendfußball", "Transfergerüchte"],
    comedy: ["Bürohumor", "kurze Parodien", "Flachwitze"],
    dance: ["Hip-Hop-Choreografien", "Ballettgrundlagen", "Tanzchallenges"],
    wellness: ["Yoga am Morgen", "Atemübungen", "besserer Schlaf"],
    interiors: ["Wohnen auf wenig Raum", "restaurierte Möbel", "gemütliche Ecken"],
    science: ["Sternenhimmel", "Küchenchemie", "Klimaforschung"],
    business: ["Gründerwissen", "B2B-Marketing", "Führung auf Distanz"]
  }
}
