import type { Platform } from "@influscope/domain/Platform"

/** What a word in a header speaks of. */
export type Concept =
  // who
  | "handle"
  | "person"
  | "name"
  | "channelId"
  | "url"
  // what is said about them
  | "bio"
  | "categories"
  | "country"
  | "language"
  | "verified"
  | "platform"
  | "observedAt"
  // figures
  | "followers"
  | "following"
  | "posts"
  | "likes"
  | "comments"
  | "shares"
  | "saves"
  | "views"
  | "impressions"
  | "viewers"
  | "engagement"
  // what narrows a figure down
  | "average"
  | "total"
  | "rate"
  | "recent"
  // what makes it something we have no field for
  | "change"
  | "peak"
  | "rank"
  | "money"
  | "foreign"
  // what says nothing
  | "filler"

/**
 * The words of headers, English and Spanish, with frequent misspellings: ONE table. Written folded (lower case, no marks);
 * `camelCase`, `_`, `.` and brackets separate words. The longest phrase wins. To teach the importer a new name, add it here.
 */
export const columnWords: Readonly<Record<Concept, ReadonlyArray<string>>> = {
  handle: [
    ...[
      "handle",
      "handles",
      "username",
      "user name",
      "usernames",
      "user names",
      "screen name",
      "login",
      "unique id",
      "nick"
    ],
    ...[
      "usuario",
      "usuarios",
      "nombre de usuario",
      "nombre usuario",
      "cuenta",
      "arroba",
      "insta id",
      "ig id",
      "custom url"
    ],
    ...[
      "account",
      "account handle",
      "profile handle",
      "user handle",
      "insta name",
      "public identifier",
      "vanity name",
      "slug"
    ]
  ],
  person: [
    ...[
      "name",
      "nombre",
      "influencer",
      "influencers",
      "influencer name",
      "influencer insta name",
      "creator",
      "creators"
    ],
    ...[
      "creador",
      "creadora",
      "youtuber",
      "youtubers",
      "youtuber name",
      "tiktoker",
      "tiktokers",
      "tiktoker name",
      "streamer"
    ],
    ...[
      "streamers",
      "instagrammer",
      "instagramer",
      "tuitero",
      "channel",
      "canal",
      "channel name",
      "nombre del canal"
    ],
    ...[
      "channel info",
      "artist",
      "artista",
      "profile",
      "perfil",
      "page",
      "page name",
      "account name",
      "celebrity",
      "blogger"
    ],
    ...[
      "brand",
      "owner",
      "author",
      "user",
      "nombre de la cuenta",
      "instagram name",
      "tiktok name",
      "youtube name",
      "profile name"
    ]
  ],
  name: [
    ...[
      "full name",
      "fullname",
      "display name",
      "nickname",
      "real name",
      "nombre completo",
      "nombre visible",
      "nombre real"
    ],
    ...["title", "titulo", "channel title", "titulo del canal", "snippet title", "localized title"]
  ],
  channelId: [
    "channel id",
    "id del canal",
    "youtube id",
    "youtube channel id",
    "id",
    "user id",
    "account id",
    "profile id",
    "pk"
  ],
  url: [
    ...[
      "url",
      "link",
      "links",
      "enlace",
      "enlaces",
      "profile url",
      "profile link",
      "channel url",
      "channel link",
      "permalink"
    ],
    ...[
      "account url",
      "profile page",
      "url del perfil",
      "enlace al perfil",
      "href",
      "account link",
      "user url",
      "page url"
    ]
  ],
  bio: [
    ...[
      "bio",
      "biography",
      "biografia",
      "description",
      "descripcion",
      "about",
      "about me",
      "acerca de",
      "signature",
      "headline"
    ],
    ...["summary", "channel description", "profile description", "user description"]
  ],
  categories: [
    ...[
      "category",
      "categories",
      "categoria",
      "categorias",
      "topic",
      "topics",
      "tema",
      "tematica",
      "tematicas",
      "temas",
      "niche",
      "niches",
      "nicho"
    ],
    ...[
      "genre",
      "genero tematico",
      "vertical",
      "industry",
      "sector",
      "content type",
      "channel type",
      "category name"
    ],
    ...[
      "topics of influence",
      "topic of influence",
      "influence topics",
      "interests",
      "intereses",
      "main topic",
      "business category"
    ]
  ],
  country: [
    ...[
      "country",
      "countries",
      "pais",
      "paises",
      "country code",
      "codigo de pais",
      "country name",
      "nation",
      "region code"
    ],
    ...[
      "audience country",
      "audience country mostly",
      "pais de la audiencia",
      "country of origin",
      "region",
      "location"
    ],
    ...["ubicacion", "nationality", "nacionalidad", "geo", "market"]
  ],
  language: [
    "language",
    "languages",
    "lang",
    "idioma",
    "idiomas",
    "lengua",
    "default language",
    "content language",
    "locale"
  ],
  verified: [
    "verified",
    "is verified",
    "verificado",
    "verificada",
    "verified account",
    "blue verified",
    "verification",
    "blue tick",
    "is blue verified"
  ],
  platform: [
    "platform",
    "platforms",
    "plataforma",
    "network",
    "social network",
    "red social",
    "social media",
    "site",
    "social platform",
    "source platform"
  ],
  observedAt: [
    ...[
      "date",
      "fecha",
      "date utc",
      "observed at",
      "snapshot date",
      "snapshot",
      "as of",
      "scraped at",
      "collected at"
    ],
    ...[
      "updated at",
      "last updated",
      "timestamp",
      "datetime",
      "date time",
      "captured at",
      "fetched at",
      "recorded at",
      "dia",
      "day",
      "crawled at"
    ]
  ],
  followers: [
    ...[
      "followers",
      "follower",
      "follwers",
      "folowers",
      "followes",
      "followers count",
      "follower count",
      "followed by",
      "seguidores",
      "seguidor",
      "fans",
      "fan count"
    ],
    ...[
      "subscribers",
      "subscriber",
      "suscribers",
      "suscriber",
      "subcribers",
      "subscibers",
      "subs",
      "suscriptores",
      "subscriptores"
    ],
    ...["subscriptions count", "fan", "audience size", "reach followers"]
  ],
  following: [
    "following",
    "followings",
    "follows",
    "follow",
    "siguiendo",
    "seguidos",
    "friends",
    "followees",
    "following count",
    "friends count"
  ],
  posts: [
    ...[
      "posts",
      "post",
      "publicaciones",
      "publicacion",
      "media",
      "media count",
      "uploads",
      "media posted",
      "posted",
      "upload",
      "videos",
      "video",
      "tweets"
    ],
    ...[
      "statuses",
      "tweet",
      "owner to timeline media",
      "timeline media",
      "posts count",
      "video count",
      "aweme count",
      "contenidos"
    ]
  ],
  likes: [
    "likes",
    "like",
    "me gusta",
    "hearts",
    "heart",
    "reactions",
    "reacciones",
    "heart count",
    "favorites"
  ],
  comments: [
    "comments",
    "comment",
    "coments",
    "commments",
    "comentarios",
    "comentario",
    "replies",
    "reply",
    "respuestas"
  ],
  shares: [
    "shares",
    "share",
    "compartidos",
    "compartidas",
    "compartido",
    "retweets",
    "retweet",
    "reposts",
    "repost",
    "reshares"
  ],
  saves: ["saves", "save", "saved", "guardados", "guardado", "bookmarks", "collects", "collect"],
  views: [
    ...[
      "views",
      "view",
      "vistas",
      "visualizaciones",
      "reproducciones",
      "visits",
      "visitas",
      "plays",
      "play",
      "video views"
    ],
    ...["viewcount", "video view", "visionados", "reach views"]
  ],
  impressions: ["impressions", "impression", "impresiones"],
  viewers: ["viewers", "viewer", "espectadores", "concurrent viewers", "ccv", "acv"],
  engagement: [
    "engagement",
    "eng",
    "engagment",
    "enagement",
    "interaccion",
    "interacciones",
    "participacion",
    "interactions"
  ],
  average: [
    ...[
      "average",
      "avg",
      "averages",
      "aver",
      "mean",
      "median",
      "promedio",
      "prom",
      "media de",
      "medio",
      "medios",
      "per post",
      "per video"
    ],
    ...["per reel", "por publicacion", "por video", "por post", "averaged", "moyenne"]
  ],
  total: [
    "total",
    "totals",
    "totales",
    "overall",
    "all time",
    "lifetime",
    "cumulative",
    "acumulado",
    "acumulados",
    "sum",
    "received"
  ],
  rate: [
    "rate",
    "ratio",
    "tasa",
    "percent",
    "percentage",
    "pct",
    "porcentaje",
    "er",
    "engagement rate",
    "tasa de interaccion",
    "tasa de engagement"
  ],
  recent: [
    ...[
      "new post",
      "new posts",
      "recent",
      "last",
      "latest",
      "new",
      "30 day",
      "30 days",
      "60 day",
      "60 days",
      "90 day",
      "90 days",
      "7 day",
      "7 days"
    ],
    ...[
      "day",
      "days",
      "week",
      "weekly",
      "month",
      "monthly",
      "semana",
      "mes",
      "mensual",
      "d",
      "ultimos",
      "ultimas",
      "period",
      "30d",
      "60d",
      "90d",
      "7d"
    ]
  ],
  change: [
    ...[
      "gained",
      "gain",
      "growth",
      "change",
      "increase",
      "delta",
      "diff",
      "crecimiento",
      "variacion",
      "lost",
      "new followers",
      "earned",
      "trend"
    ]
  ],
  peak: [
    "peak",
    "max",
    "maximum",
    "min",
    "minimum",
    "highest",
    "lowest",
    "maximo",
    "pico",
    "std",
    "stdev",
    "variance"
  ],
  rank: [
    "rank",
    "ranking",
    "position",
    "puesto",
    "posicion",
    "rango",
    "score",
    "index",
    "indice",
    "grade",
    "rating",
    "tier",
    "nº",
    "no",
    "s no",
    "sr no",
    "row"
  ],
  money: [
    ...[
      "earnings",
      "price",
      "cost",
      "revenue",
      "income",
      "ingresos",
      "precio",
      "coste",
      "salary",
      "worth",
      "usd",
      "eur",
      "cpm",
      "value",
      "emv"
    ]
  ],
  foreign: [
    ...[
      "audience",
      "audiencia",
      "credibility",
      "authentic",
      "auth",
      "fake",
      "estimated",
      "watch time",
      "stream time",
      "watched",
      "hours"
    ],
    ...[
      "minutes",
      "created",
      "creation",
      "joined",
      "born",
      "birth",
      "published",
      "founded",
      "start",
      "gender",
      "hashtag",
      "hashtags",
      "sexo",
      "age",
      "edad",
      "email",
      "phone"
    ],
    ...[
      "city",
      "ciudad",
      "website",
      "external",
      "image",
      "picture",
      "pic",
      "photo",
      "thumbnail",
      "thumbnails",
      "avatar",
      "private",
      "digg",
      "favourites",
      "favorite"
    ],
    ...[
      "listed",
      "mutual",
      "hidden",
      "subscribed",
      "business",
      "professional",
      "banner",
      "latitude",
      "longitude",
      "population",
      "unemployment",
      "urban",
      "enrollment"
    ],
    ...[
      "abbreviation",
      "keywords",
      "etag",
      "kind",
      "sec",
      "highlight",
      "partnered",
      "mature",
      "clip",
      "clips",
      "igtv",
      "story",
      "stories",
      "duration",
      "comments disabled"
    ]
  ],
  filler: [
    ...[
      "the",
      "of",
      "de",
      "del",
      "la",
      "el",
      "los",
      "las",
      "by",
      "per",
      "number",
      "numero",
      "num",
      "count",
      "counts",
      "cantidad",
      "total number",
      "n",
      "amount"
    ],
    ...[
      "edge",
      "stats",
      "stats v2",
      "statistics",
      "public metrics",
      "user",
      "users",
      "data",
      "info",
      "node",
      "snippet",
      "profile stats",
      "metrics",
      "author",
      "main",
      "own"
    ],
    ...[
      "millions",
      "million",
      "millones",
      "thousands",
      "thousand",
      "miles",
      "m",
      "k",
      "b",
      "in",
      "en",
      "mostly",
      "is",
      "has",
      "a",
      "and",
      "y",
      "to",
      "on",
      "for",
      "utc",
      "gmt"
    ],
    ...[
      "aprox",
      "approx",
      "current",
      "actual",
      "now",
      "value",
      "primary",
      "author stats",
      "legacy",
      "result",
      "core"
    ],
    ...["branding settings", "settings", "localized", "text"]
  ]
}

/** Words of a header (or of the name of a file) that tell the platform. Folded; `columnWords` ignores them. */
export const platformWords: Readonly<Record<Platform, ReadonlyArray<string>>> = {
  instagram: [
    "instagram",
    "insta",
    "ig",
    "instagrammer",
    "instagramer",
    "instagrammers",
    "edge followed by",
    "igtv",
    "reels"
  ],
  tiktok: [
    "tiktok",
    "tik tok",
    "tiktoker",
    "tiktokers",
    "tiktokker",
    "heart count",
    "digg count",
    "aweme",
    "sec uid"
  ],
  youtube: ["youtube", "youtuber", "youtubers", "yt", "you tube", "custom url", "suscribers"],
  x: ["twitter", "tweet", "tweets", "tweet count", "retweets", "retweet", "statuses count", "tuitero"],
  twitch: ["twitch", "stream time", "watch time", "broadcaster type", "streamer", "streamers", "twitch tv"],
  linkedin: ["linkedin", "linked in", "connections", "public identifier"]
}

/** Weak signs: words used mostly, but not only, on one platform. */
export const weakPlatformWords: Readonly<Partial<Record<Platform, ReadonlyArray<string>>>> = {
  youtube: [
    "subscribers",
    "subscriber",
    "suscriptores",
    "subs",
    "subscriber count",
    "video views",
    "uploads",
    "video count"
  ],
  twitch: ["viewers", "average viewers", "avg viewers"]
}
