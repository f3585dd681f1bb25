import type { BioVocabulary } from "../BioVocabulary.ts"

export const indonesian: BioVocabulary = {
  patterns: [
    "{a} dan {b} dari {city}",
    "Kebanyakan {a}, kadang {b}",
    "Berbagi {a}, {b}, dan hal-hal kecil",
    "{city} | {a}, {b}",
    "Sudut kecil untuk {a} dan {b}",
    "Hari-hari bersama {a} dan {b}",
    "Catatan jujur tentang {a} dan {b}"
  ],
  closings: [
    "Konten baru setiap minggu.",
    "Kerja sama: tautan di bawah.",
    "Silakan bertanya.",
    "Terima kasih sudah mampir!"
  ],
  live: ["Siaran langsung Selasa sampai Jumat.", "Siaran langsung hampir tiap malam."],
  topics: {
    fitness: ["latihan kekuatan", "olahraga di rumah", "program lari"],
    fashion: ["busana santun", "baju bekas pilihan", "mode berkelanjutan"],
    beauty: ["perawatan kulit", "riasan harian", "ulasan jujur"],
    food: ["resep sederhana", "roti buatan sendiri", "jajanan pasar"],
    travel: ["jalan-jalan hemat", "perjalanan kereta", "pantai tersembunyi"],
    gaming: ["gim indie", "main bareng", "tantangan cepat"],
    technology: ["ulasan gawai", "rumah pintar", "perangkat lunak bebas"],
    music: ["lagu sendiri", "petikan gitar", "piringan hitam"],
    parenting: ["hidup dengan si kembar", "bekal anak", "pola asuh lembut"],
    education: ["tips belajar", "matematika mudah", "persiapan ujian"],
    finance: ["reksa dana", "anggaran keluarga", "menabung harian"],
    photography: ["foto jalanan", "kamera analog", "cahaya gunung"],
    art: ["cat air", "ilustrasi digital", "buku sketsa"],
    books: ["novel fantasi", "daftar bacaan", "resensi buku"],
    pets: ["anjing adopsi", "melatih kucing", "merawat anak anjing"],
    gardening: ["kebun balkon", "tanaman hias", "tomat organik"],
    cars: ["mobil klasik", "hari di sirkuit", "mobil listrik"],
    football: ["analisis pertandingan", "sepak bola muda", "bursa transfer"],
    comedy: ["humor kantor", "parodi singkat", "lawakan receh"],
    dance: ["koreografi hip-hop", "tari tradisional", "tantangan tari"],
    wellness: ["yoga pagi", "latihan napas", "tidur nyenyak"],
    interiors: ["rumah mungil", "perabot lama", "sudut nyaman"],
    science: ["mengamati bintang", "kimia dapur", "ilmu iklim"],
    business: ["pelajaran startup", "pemasaran digital", "kerja jarak jauh"]
  }
}
