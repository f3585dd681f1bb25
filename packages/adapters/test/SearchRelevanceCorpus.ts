import { Platform } from "@influscope/domain/Platform"
import type { Profile } from "@influscope/domain/Profile"
import { profileOf } from "@influscope/ports/conformance/ProfileFixture"
import * as Schema from "effect/Schema"

// Invented accounts: platform | handle | name | thousands of followers | categories | bio
const table = `
instagram|lunavega|Luna Vega|182000|Music|Singer, songwriter. New album out now
tiktok|lunavega|Luna Vega|96000|Music|official
instagram|lunavega.fans|Luna Vega Fans|210|Music|Fan page of Luna Vega, daily photos
instagram|luna.makes.pottery|Luna Hart|14|Art|Ceramics from a small studio in Leeds
tiktok|vegalunatic|Vega Lunatic|3|Comedy|not that luna
x|vega_news|Vega Space News|88|Science|Launches, satellites, the rocket Vega
instagram|marcobellini|Marco Bellini|41000|Sports, Football|Footballer. Number 9
x|marcobellini9|Marco Bellini|12000|Sports|Footballer for club and country
youtube|bellinibros|Bellini Brothers|5200|Comedy|Pranks with Marco and Dario
instagram|chefmarco|Marco Conti|830|Food|Italian recipes, pasta every Sunday
instagram|dario.bellini|Dario Bellini|600|Comedy|the other brother
youtube|techwithtara|Tech With Tara|7400|Technology|Gadget reviews, phones and laptops explained
instagram|taratech|Tara Quinn|310|Technology|Host of Tech With Tara
youtube|thetechnomad|The Technomad|1200|Technology, Travel|Working remotely with too many gadgets
tiktok|techno.tom|Techno Tom|2300|Music|Techno sets from Berlin
linkedin|tomas-technology|Tomas Technology|40|Business|Consulting for cloud technology
youtube|byteboris|Byte Boris|950|Technology|Software, coding and silly robots
instagram|robotrita|Robot Rita|77|Technology|Builds robots for schools
twitch|pixelpete|PixelPete|6800|Gaming|Speedruns and retro games
youtube|pixelpete|Pixel Pete|9100|Gaming|Speedrunning every classic game
instagram|pixel.petra|Petra Pixel|55|Photography|Film and pixels
tiktok|peterpixelart|Peter Novak|410|Art|Pixel art animations
twitch|nightowl99|NightOwl99|2100|Gaming|Horror games after midnight
twitch|night_owl_7|Night Owl|12|Gaming|small streamer
youtube|gamer.granny|Gamer Granny|3300|Gaming, Family|78 years young, plays everything
twitch|99problems|99 Problems|150|Gaming|Puzzle games
instagram|yogawithyara|Yara Lind|2600|Fitness|Yoga and breathing for beginners
youtube|yogawithyara|Yoga With Yara|4800|Fitness|Free classes every Monday
instagram|fit.with.finn|Finn O'Malley|1900|Fitness|Strength coach. Programmes in bio
tiktok|fitfinn|Fit Finn|3600|Fitness|gym jokes
instagram|ironivy|Ivy Steel|720|Fitness, Sports|Powerlifter, nutrition coach
instagram|runwithrosa|Rosa Delgado|340|Fitness|Marathon runner from Sevilla
instagram|fitnessforfathers|Fitness for Fathers|64|Fitness, Family|Training for busy dads
youtube|gymgeek|Gym Geek|1500|Fitness|The science of strength training
instagram|glowbygrace|Grace Adeyemi|5600|Beauty|Makeup artist, glowing skin
youtube|glowbygrace|Glow by Grace|2900|Beauty|Makeup tutorials and skincare routines
tiktok|graceglow|Grace Glow|90|Beauty|skincare
instagram|makeupbymina|Mina Park|8800|Beauty|K-beauty, makeup looks
tiktok|minapark.beauty|박민아 Mina Park|10400|Beauty|뷰티 크리에이터
instagram|naildaria|Daria Nails|260|Beauty|Nail art in Warszawa
instagram|skin.by.sofie|Sofie Lindqvist|480|Beauty|Dermatologist. Skincare without myths
instagram|beautyandthebeard|Beauty and the Beard|135|Beauty, Fashion|Grooming for bearded men
instagram|nomadnora|Nora Haddad|3100|Travel|Slow travel through the Middle East
youtube|nomadnora|Nomad Nora|1700|Travel|Travel films
instagram|travel.with.theo|Theo Martin|920|Travel, Photography|Mountains, huts and trains
tiktok|budgetbea|Budget Bea|4100|Travel, Finance|See the world on 20 euros a day
instagram|worldofwanda|Wanda Kowalska|280|Travel|Backpacking since 2009
instagram|islandisla|Isla Reid|1300|Travel|Islands only
instagram|traveltinyhouse|The Tiny House Travellers|175|Travel, Home Decor|Two people, one tiny house
instagram|spoonandsalt|Spoon & Salt|2700|Food|Cooking from scratch
youtube|chefamara|Chef Amara|6200|Food|West African cooking
instagram|chefamara|Amara Okafor|1400|Food|Chef, author of Pepper
tiktok|veganvik|Vegan Vik|3900|Food|Plant based recipes in 60 seconds
instagram|bakingwithbo|Bo Hansen|640|Food|Bread, cakes and cardamom buns
instagram|sushisato|佐藤 健 Ken Sato|1100|Food|東京の寿司職人
youtube|tokyoeats|東京グルメ Tokyo Eats|2300|Food, Travel|東京の美味しい料理を紹介します
instagram|cafe.camille|Camille Lefèvre|190|Food|Cafés de Paris
instagram|stylebysana|Sana Malik|4500|Fashion|Modest fashion and streetwear
tiktok|sanastyle|Sana Style|70|Fashion|outfits
instagram|vintagevera|Vera Novak|380|Fashion|Vintage clothes, mended
instagram|suitsandsimon|Simon Clarke|240|Fashion|Tailoring
instagram|runwayrui|Rui Tavares|1600|Fashion|Model, Lisboa
instagram|modamaria|María José Peña|5200|Fashion|Moda y estilo
instagram|maria.costa|Maria Costa|3300|Music|Fado
instagram|mariacosta_art|Maria Costa|21|Art|Watercolours
tiktok|mariopasta|Mario Pasta|1800|Food|Fresh pasta
youtube|mariokartmaster|Mario Kart Master|700|Gaming|Time trials
instagram|djsoren|DJ Søren|2200|Music|House music from Aarhus
instagram|pianopaula|Paula Weiß|510|Music|Pianistin
youtube|guitargus|Guitar Gus|3400|Music, Education|Guitar lessons for everyone
tiktok|beatboxbilal|Bilal Demir|7700|Music|Beatbox
instagram|operaolga|Ольга Петрова|150|Music|Оперная певица
instagram|kyivkitchen|Кухня Києва|230|Food|Рецепти щодня
instagram|noor.alhassan|نور الحسن|6100|Fashion, Beauty|مدونة موضة وجمال
youtube|quranquiet|هدوء|420|Education|دروس
instagram|desidance|हिन्दी नृत्य Desi Dance|2000|Music|Dance classes in Mumbai
youtube|historyhana|History with Hana|2900|Education|History told like gossip
youtube|mathmateo|Math Mateo|1250|Education|Matemáticas sin miedo
tiktok|sciencesid|Science Sid|5600|Education, Science|Experiments in my kitchen
instagram|teacherterri|Terri Young|330|Education, Family|Primary school teacher
linkedin|learnwithleo|Leo Fischer|95|Education, Business|Learning and development
instagram|leofischer|Leo Fischer|480|Photography|Street photography in Hamburg
instagram|lensbylea|Léa Moreau|870|Photography|Portraits on film
instagram|photofreddie|Freddie Photography|125|Photography|Weddings
instagram|wildwithwes|Wes Turner|2050|Photography, Travel|Wildlife photographer
instagram|drone.dana|Dana Drones|310|Photography|The world from above
youtube|moneymonika|Money Monika|1900|Finance|Saving and investing made simple
tiktok|cryptocarl|Crypto Carl|2600|Finance|Not financial advice
linkedin|investwithirene|Irene Walsh|160|Finance, Business|Investor in early companies
x|stocksam|Stock Sam|720|Finance|Markets, charts and coffee
instagram|mumofthree.mel|Mel Harper|1100|Family|Mum of three. Honest parenting
tiktok|dadjokesdan|Dan Miller|6600|Comedy, Family|Dad jokes daily
instagram|twintalesnia|Nia and the Twins|450|Family|Twin mum
instagram|homebyhelle|Helle Jensen|1350|Home Decor|Scandinavian interiors
youtube|diydiego|DIY Diego|2750|Home Decor|Furniture from pallets
instagram|cosycornerco|Cosy Corner|90|Home Decor|Small flats, warm light
instagram|plantpapi|Plant Papi|1700|Home Decor|Too many plants
tiktok|corgi.captain|Captain the Corgi|8900|Pets|A dog with a boat
instagram|catcafechronicles|Cat Café Chronicles|540|Pets|Rescue cats looking for homes
instagram|pupsofpraha|Pups of Praha|75|Pets|Dogs of Prague
youtube|vetvictor|Dr Victor Vet|980|Pets, Education|Veterinarian answers
youtube|drivewithdrago|Drive With Drago|3800|Automotive|Cars, tested properly
instagram|bikebabe.bianca|Bianca Rossi|620|Automotive|Motorcycles and mountains
instagram|biancarossi|Bianca Rossi|9500|Music|Cantante
tiktok|garageguyglen|Garage Guy Glen|1450|Automotive|Engine rebuilds
x|electricedda|Edda Electric|55|Automotive, Technology|Electric cars
tiktok|laughwithlars|Lars Berg|2400|Comedy|Sketches from Bergen
tiktok|mimemilo|Milo the Mime|4700|Comedy|...
youtube|improvinga|Inga Improv|310|Comedy|Improv theatre
instagram|paintwithpilar|Pilar Ortiz|690|Art|Watercolour tutorials
instagram|sketchysteve|Sketchy Steve|1150|Art|Sketches on trains
tiktok|clayclara|Clay Clara|5300|Art|Pottery and clay
instagram|inkbyimani|Imani Ink|860|Art|Tattoo artist
instagram|climbwithkai|Kai Nakamura|740|Sports|Climber
instagram|tennistessa|Tessa Vermeer|3050|Sports|Tennis player
x|cricketchacha|Cricket Chacha|1900|Sports, Comedy|Cricket and chai
instagram|surfsupsuri|Suri Ka'ahumanu|510|Sports, Travel|Surfing, Hawaiʻi
twitch|chesschad|Chess Chad|1300|Gaming, Education|Blitz chess and bad openings
youtube|chesswithchandra|Chess With Chandra|2100|Education|Grandmaster
instagram|j.p.carter|J. P. Carter|115|Photography|
instagram|jpcarter_official|JP Carter|2200|Music|Country singer
instagram|the_real_zed|Zed|12500|Music|rapper
tiktok|zedsdead.fan|zed fan|4|Music|zed zed zed
instagram|annalena|Anna-Lena Vogt|170|Fashion|Berlin
instagram|anna.lee|Anna Lee|2450|Beauty|Makeup
tiktok|annaleevlogs|Anna Lee Vlogs|360|Family|vlogs
youtube|kidskornertv|Kids Korner TV|22000|Family, Education|Songs for children
tiktok|strayguitars|Stray Guitars|95|Music|Guitars found in the street
instagram|straycatsband|The Stray Kittens|1800|Music|Band
youtube|ktownstraykids|K-Town Stray Kids|15600|Music|K-pop dance group
instagram|fireflyfam|Firefly Family 🔥|85|Family|🔥 camping
tiktok|hotsaucehal|Hot Sauce Hal 🌶️|1500|Food|🌶️🌶️🌶️
linkedin|marketingmarta|Marta Nowak|210|Business|Marketing, brands and creators
linkedin|startupstefan|Stefan Müller|130|Business, Technology|Startup founder
x|politicspaola|Paola Politics|480|News|Parliament explained
x|weatherwill|Will Weather|370|News, Science|Storms
youtube|astroana|Astro Ana|3150|Science|Astronomy from the Atacama
instagram|oceanolu|Olu Ocean|260|Science|Marine biologist
instagram|gardengwen|Gwen's Garden|1020|Home Decor|Vegetables and flowers
youtube|woodworkwill|Woodwork With Will|1650|Home Decor|Hand tools
instagram|taylorsmithmusic|Taylor Smith|7300|Music|Pop
instagram|smithtailor|Smith the Tailor|18|Fashion|Bespoke tailor
tiktok|charlottecharm|Charlotte Charm|5900|Beauty, Fashion|Get ready with me
instagram|charlieinchains|Charlie Chains|390|Fashion|Jewellery
`

const decodePlatform = Schema.decodeUnknownSync(Platform)

const profileFrom = (line: string): Profile => {
  const [platform, handle = "", name = "", followers = "0", categories = "", bio = ""] = line.split("|")
  return profileOf(handle, {
    platform: decodePlatform(platform),
    name,
    bio,
    categories: categories.split(", "),
    followers: Number(followers) * 1_000
  })
}

export const relevanceCorpus: ReadonlyArray<Profile> = table.trim().split("\n").map(profileFrom)

export interface Judgement {
  readonly q: string
  /** What a person who types this means: 3 exactly this, 2 just as well, 1 acceptable. All others are worth nothing. */
  readonly grades: { readonly [id: string]: 1 | 2 | 3 }
}

const judgement = (q: string, grades: Judgement["grades"]): Judgement => ({ q, grades })

export const judgements: ReadonlyArray<Judgement> = [
  // Accounts by name or handle
  judgement("luna vega", { "instagram:lunavega": 3, "tiktok:lunavega": 3, "instagram:lunavega.fans": 1 }),
  judgement("lunavega", { "instagram:lunavega": 3, "tiktok:lunavega": 3, "instagram:lunavega.fans": 1 }),
  judgement("@lunavega.fans", { "instagram:lunavega.fans": 3 }),
  judgement("lunav", { "instagram:lunavega": 3, "tiktok:lunavega": 3, "instagram:lunavega.fans": 1 }),
  judgement("vega luna", { "instagram:lunavega": 3, "tiktok:lunavega": 3, "instagram:lunavega.fans": 1 }),
  judgement("marco bellini", { "instagram:marcobellini": 3, "x:marcobellini9": 3 }),
  judgement("marcobellini9", { "x:marcobellini9": 3 }),
  judgement("marco bel", { "instagram:marcobellini": 3, "x:marcobellini9": 3 }),
  judgement("bellini brothers", { "youtube:bellinibros": 3 }),
  judgement("pixel pete", { "youtube:pixelpete": 3, "twitch:pixelpete": 3 }),
  judgement("pixelpete", { "youtube:pixelpete": 3, "twitch:pixelpete": 3 }),
  judgement("nightowl99", { "twitch:nightowl99": 3 }),
  judgement("night owl", { "twitch:night_owl_7": 3, "twitch:nightowl99": 3 }),
  judgement("maria costa", { "instagram:maria.costa": 3, "instagram:mariacosta_art": 2 }),
  judgement("anna lee", { "instagram:anna.lee": 3, "tiktok:annaleevlogs": 2 }),
  judgement("bianca rossi", { "instagram:biancarossi": 3, "instagram:bikebabe.bianca": 2 }),
  judgement("leo fischer", { "instagram:leofischer": 3, "linkedin:learnwithleo": 3 }),
  judgement("j.p. carter", { "instagram:j.p.carter": 3, "instagram:jpcarter_official": 2 }),
  judgement("zed", { "instagram:the_real_zed": 3, "tiktok:zedsdead.fan": 1 }),
  judgement("stray kids", { "youtube:ktownstraykids": 3 }),
  judgement("taylor smith", { "instagram:taylorsmithmusic": 3 }),
  judgement("finn omalley", { "instagram:fit.with.finn": 3 }),
  // Typos
  judgement("luna vgea", { "instagram:lunavega": 3, "tiktok:lunavega": 3, "instagram:lunavega.fans": 1 }),
  judgement("lnuavega", { "instagram:lunavega": 3, "tiktok:lunavega": 3, "instagram:lunavega.fans": 1 }),
  judgement("marko belini", { "instagram:marcobellini": 3, "x:marcobellini9": 3 }),
  judgement("tecnology", {
    "youtube:techwithtara": 2,
    "youtube:byteboris": 2,
    "youtube:thetechnomad": 2,
    "instagram:taratech": 2,
    "instagram:robotrita": 2,
    "x:electricedda": 2,
    "linkedin:startupstefan": 2,
    "linkedin:tomas-technology": 3
  }),
  judgement("fotography", {
    "instagram:photofreddie": 3,
    "instagram:wildwithwes": 2,
    "instagram:travel.with.theo": 2,
    "instagram:lensbylea": 2,
    "instagram:leofischer": 3,
    "instagram:drone.dana": 2,
    "instagram:j.p.carter": 2,
    "instagram:pixel.petra": 2
  }),
  judgement("glow by grase", { "instagram:glowbygrace": 3, "youtube:glowbygrace": 3 }),
  judgement("yoga wiht yara", { "youtube:yogawithyara": 3, "instagram:yogawithyara": 3 }),
  judgement("charlote charm", { "tiktok:charlottecharm": 3 }),
  // As-you-type
  judgement("techw", { "youtube:techwithtara": 3 }),
  judgement("charl", { "tiktok:charlottecharm": 3, "instagram:charlieinchains": 2 }),
  judgement("chef am", { "youtube:chefamara": 3, "instagram:chefamara": 3 }),
  judgement("drive wi", { "youtube:drivewithdrago": 3 }),
  // Topics
  judgement("yoga", { "youtube:yogawithyara": 3, "instagram:yogawithyara": 3 }),
  judgement("skincare", { "youtube:glowbygrace": 3, "instagram:skin.by.sofie": 3, "tiktok:graceglow": 2 }),
  judgement("home decor", {
    "youtube:diydiego": 3,
    "instagram:plantpapi": 3,
    "youtube:woodworkwill": 3,
    "instagram:homebyhelle": 3,
    "instagram:gardengwen": 3,
    "instagram:traveltinyhouse": 3,
    "instagram:cosycornerco": 3
  }),
  judgement("electric cars", { "x:electricedda": 3 }),
  judgement("makeup tutorials", { "youtube:glowbygrace": 3 }),
  judgement("strength training", { "youtube:gymgeek": 3 }),
  judgement("wildlife photographer", { "instagram:wildwithwes": 3 }),
  judgement("vegan recipes", { "tiktok:veganvik": 3 }),
  judgement("chess", { "youtube:chesswithchandra": 3, "twitch:chesschad": 3 }),
  // Other scripts, accents, signs
  judgement("東京", { "youtube:tokyoeats": 3, "instagram:sushisato": 2 }),
  judgement("soren", { "instagram:djsoren": 3 }),
  judgement("lefevre", { "instagram:cafe.camille": 3 }),
  judgement("ольга", { "instagram:operaolga": 3 }),
  judgement("نور", { "instagram:noor.alhassan": 3 }),
  judgement("뷰티", { "tiktok:minapark.beauty": 3 }),
  judgement("🔥", { "instagram:fireflyfam": 3 }),
  // Words too many
  judgement("marco bellini interview", { "instagram:marcobellini": 3, "x:marcobellini9": 3 }),
  judgement("tara tech reviews 2026", { "youtube:techwithtara": 3, "instagram:taratech": 2 })
]
