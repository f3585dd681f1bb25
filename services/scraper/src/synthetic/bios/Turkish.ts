import type { BioVocabulary } from "../BioVocabulary.ts"

export const turkish: BioVocabulary = {
  patterns: [
    "{city} sokaklarından {a} ve {b}",
    "Çoğunlukla {a}, bazen {b}",
    "Burada: {a}, {b} ve öğrendiklerim",
    "{city} | {a}, {b}",
    "{a} ve {b} üzerine küçük bir köşe",
    "Her gün {a}, hafta sonu {b}",
    "{a} ve {b} hakkında dürüst notlar"
  ],
  closings: [
    "Her hafta yeni içerik.",
    "İş birliği için bağlantıya bakın.",
    "Sorularınızı bekliyorum.",
    "Hoş geldiniz!"
  ],
  live: ["Salıdan cumaya canlı yayın.", "Neredeyse her akşam canlı yayın."],
  topics: {
    fitness: ["kuvvet antrenmanı", "evde egzersiz", "koşu planları"],
    fashion: ["kapsül gardırop", "ikinci el kıyafet", "sürdürülebilir moda"],
    beauty: ["cilt bakımı", "günlük makyaj", "dürüst ürün yorumları"],
    food: ["pratik tarifler", "ekşi mayalı ekmek", "sokak lezzetleri"],
    travel: ["ucuz seyahat", "gece trenleri", "gizli koylar"],
    gaming: ["bağımsız oyunlar", "takım maçları", "hız denemeleri"],
    technology: ["telefon incelemeleri", "akıllı ev", "özgür yazılım"],
    music: ["kendi şarkılarım", "gitar yorumları", "plak koleksiyonu"],
    parenting: ["ikizlerle hayat", "çocuk menüleri", "sakin ebeveynlik"],
    education: ["çalışma teknikleri", "kolay matematik", "sınav hazırlığı"],
    finance: ["endeks fonları", "aile bütçesi", "günlük tasarruf"],
    photography: ["sokak fotoğrafları", "analog kameralar", "dağ ışığı"],
    art: ["suluboya", "dijital çizim", "eskiz defterleri"],
    books: ["fantastik romanlar", "okuma listeleri", "kitap yorumları"],
    pets: ["sahiplenilmiş köpekler", "kedi eğitimi", "yavru bakımı"],
    gardening: ["balkon bahçesi", "ata tohumu domates", "salon bitkileri"],
    cars: ["klasik arabalar", "pist günleri", "elektrikli arabalar"],
    football: ["maç analizi", "altyapı futbolu", "transfer haberleri"],
    comedy: ["ofis mizahı", "kısa parodiler", "soğuk espriler"],
    dance: ["sokak dansı", "bale temelleri", "dans akımları"],
    wellness: ["sabah yogası", "nefes egzersizleri", "kaliteli uyku"],
    interiors: ["küçük ev fikirleri", "mobilya yenileme", "sıcak köşeler"],
    science: ["gökyüzü gözlemi", "mutfak kimyası", "iklim bilimi"],
    business: ["girişim dersleri", "dijital pazarlama", "uzaktan yönetim"]
  }
}
