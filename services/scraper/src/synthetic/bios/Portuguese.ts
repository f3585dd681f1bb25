import type { BioVocabulary } from "../BioVocabulary.ts"

export const portuguese: BioVocabulary = {
  patterns: [
    "{a} e {b} direto de {city}",
    "Quase sempre {a}, às vezes {b}",
    "Compartilho {a}, {b} e o que aprendo no caminho",
    "De {city}: {a}, {b}",
    "Um cantinho para falar de {a} e {b}",
    "Meu dia a dia entre {a} e {b}",
    "{a}, {b} e um bom café | {city}"
  ],
  closings: [
    "Conteúdo novo toda semana.",
    "Parcerias: link abaixo.",
    "Manda sua pergunta!",
    "Que bom ter você aqui."
  ],
  live: ["Ao vivo de terça a sexta.", "Ao vivo quase toda noite."],
  topics: {
    fitness: ["treino de força", "treinos em casa", "planos de corrida"],
    fashion: ["guarda-roupa cápsula", "achados de brechó", "moda consciente"],
    beauty: ["rotina de pele", "maquiagem do dia a dia", "resenhas sinceras"],
    food: ["receitas rápidas", "pão caseiro", "comida de rua"],
    travel: ["viagens baratas", "trilhas longas", "praias escondidas"],
    gaming: ["jogos independentes", "partidas em equipe", "desafios de velocidade"],
    technology: ["testes de celular", "casa inteligente", "software livre"],
    music: ["músicas autorais", "covers de violão", "discos de vinil"],
    parenting: ["vida com gêmeos", "criação com respeito", "lanches infantis"],
    education: ["dicas de estudo", "matemática sem medo", "preparação para provas"],
    finance: ["fundos de índice", "orçamento familiar", "educação financeira"],
    photography: ["fotografia de rua", "câmeras de filme", "luz da serra"],
    art: ["aquarela", "ilustração digital", "cadernos de esboço"],
    books: ["romances de fantasia", "listas de leitura", "resenhas de livros"],
    pets: ["cães resgatados", "vida com gatos", "cuidados com filhotes"],
    gardening: ["horta na varanda", "tomates orgânicos", "plantas de casa"],
    cars: ["carros antigos", "dias de pista", "carros elétricos"],
    football: ["análise de jogos", "futebol de base", "mercado da bola"],
    comedy: ["humor de escritório", "paródias curtas", "piadas ruins"],
    dance: ["coreografias urbanas", "samba e forró", "desafios de dança"],
    wellness: ["yoga leve", "exercícios de respiração", "sono melhor"],
    interiors: ["apartamentos pequenos", "móveis restaurados", "cantos aconchegantes"],
    science: ["astronomia amadora", "química de cozinha", "ciência do clima"],
    business: ["lições de startup", "marketing digital", "liderança remota"]
  }
}
