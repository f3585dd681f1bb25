import { folded } from "./Text.ts"
import { invalid, isMissing, missing, type Outcome, value } from "./Values.ts"

/** ISO 3166-1: alpha-2 followed by alpha-3, of every officially assigned code. */
const codes =
  "AD:AND AE:ARE AF:AFG AG:ATG AI:AIA AL:ALB AM:ARM AO:AGO AQ:ATA AR:ARG AS:ASM AT:AUT AU:AUS AW:ABW AX:ALA AZ:AZE BA:BIH BB:BRB " +
  "BD:BGD BE:BEL BF:BFA BG:BGR BH:BHR BI:BDI BJ:BEN BL:BLM BM:BMU BN:BRN BO:BOL BQ:BES BR:BRA BS:BHS BT:BTN BV:BVT BW:BWA BY:BLR " +
  "BZ:BLZ CA:CAN CC:CCK CD:COD CF:CAF CG:COG CH:CHE CI:CIV CK:COK CL:CHL CM:CMR CN:CHN CO:COL CR:CRI CU:CUB CV:CPV CW:CUW CX:CXR " +
  "CY:CYP CZ:CZE DE:DEU DJ:DJI DK:DNK DM:DMA DO:DOM DZ:DZA EC:ECU EE:EST EG:EGY EH:ESH ER:ERI ES:ESP ET:ETH FI:FIN FJ:FJI FK:FLK " +
  "FM:FSM FO:FRO FR:FRA GA:GAB GB:GBR GD:GRD GE:GEO GF:GUF GG:GGY GH:GHA GI:GIB GL:GRL GM:GMB GN:GIN GP:GLP GQ:GNQ GR:GRC GS:SGS " +
  "GT:GTM GU:GUM GW:GNB GY:GUY HK:HKG HM:HMD HN:HND HR:HRV HT:HTI HU:HUN ID:IDN IE:IRL IL:ISR IM:IMN IN:IND IO:IOT IQ:IRQ IR:IRN " +
  "IS:ISL IT:ITA JE:JEY JM:JAM JO:JOR JP:JPN KE:KEN KG:KGZ KH:KHM KI:KIR KM:COM KN:KNA KP:PRK KR:KOR KW:KWT KY:CYM KZ:KAZ LA:LAO " +
  "LB:LBN LC:LCA LI:LIE LK:LKA LR:LBR LS:LSO LT:LTU LU:LUX LV:LVA LY:LBY MA:MAR MC:MCO MD:MDA ME:MNE MF:MAF MG:MDG MH:MHL MK:MKD " +
  "ML:MLI MM:MMR MN:MNG MO:MAC MP:MNP MQ:MTQ MR:MRT MS:MSR MT:MLT MU:MUS MV:MDV MW:MWI MX:MEX MY:MYS MZ:MOZ NA:NAM NC:NCL NE:NER " +
  "NF:NFK NG:NGA NI:NIC NL:NLD NO:NOR NP:NPL NR:NRU NU:NIU NZ:NZL OM:OMN PA:PAN PE:PER PF:PYF PG:PNG PH:PHL PK:PAK PL:POL PM:SPM " +
  "PN:PCN PR:PRI PS:PSE PT:PRT PW:PLW PY:PRY QA:QAT RE:REU RO:ROU RS:SRB RU:RUS RW:RWA SA:SAU SB:SLB SC:SYC SD:SDN SE:SWE SG:SGP " +
  "SH:SHN SI:SVN SJ:SJM SK:SVK SL:SLE SM:SMR SN:SEN SO:SOM SR:SUR SS:SSD ST:STP SV:SLV SX:SXM SY:SYR SZ:SWZ TC:TCA TD:TCD TF:ATF " +
  "TG:TGO TH:THA TJ:TJK TK:TKL TL:TLS TM:TKM TN:TUN TO:TON TR:TUR TT:TTO TV:TUV TW:TWN TZ:TZA UA:UKR UG:UGA UM:UMI US:USA UY:URY " +
  "UZ:UZB VA:VAT VC:VCT VE:VEN VG:VGB VI:VIR VN:VNM VU:VUT WF:WLF WS:WSM YE:YEM YT:MYT ZA:ZAF ZM:ZMB ZW:ZWE"

/** Names in use that the English and Spanish tables of the platform do not have. */
const aliases: Readonly<Record<string, ReadonlyArray<string>>> = {
  US: [
    "USA",
    "U.S.",
    "U.S.A.",
    "EEUU",
    "EE.UU.",
    "EE. UU.",
    "E.U.A.",
    "United States of America",
    "America",
    "Estados Unidos de América",
    "Estados Unidos de Norteamérica"
  ],
  GB: [
    "UK",
    "U.K.",
    "Great Britain",
    "Britain",
    "England",
    "Scotland",
    "Wales",
    "Northern Ireland",
    "Inglaterra",
    "Gran Bretaña",
    "Escocia",
    "Gales",
    "Irlanda del Norte"
  ],
  AE: ["UAE", "U.A.E.", "EAU", "Emirates", "Emiratos Árabes", "Emiratos Árabes Unidos", "Dubai"],
  KR: [
    "South Korea",
    "Korea, South",
    "Republic of Korea",
    "Korea Republic of",
    "Korea",
    "Corea",
    "Corea del Sur",
    "República de Corea"
  ],
  KP: ["North Korea", "Korea, North", "Corea del Norte"],
  RU: ["Russia", "Russian Federation", "Federación Rusa", "Federación de Rusia"],
  TR: ["Turkey", "Türkiye", "Turkiye", "Turquía"],
  CI: ["Ivory Coast", "Cote d'Ivoire", "Costa de Marfil"],
  CZ: ["Czech Republic", "Czechia", "República Checa", "Chequia"],
  NL: ["Holland", "The Netherlands", "Holanda", "Países Bajos"],
  VN: ["Vietnam", "Viet Nam"],
  SA: ["Saudi Arabia", "Arabia Saudita", "Arabia Saudí", "KSA"],
  IR: ["Iran", "Iran, Islamic Republic of", "Irán"],
  SY: ["Syria", "Syrian Arab Republic"],
  LA: ["Laos", "Lao PDR"],
  MD: ["Moldova", "Republic of Moldova"],
  TZ: ["Tanzania", "United Republic of Tanzania"],
  VE: ["Venezuela", "Venezuela, Bolivarian Republic of"],
  BO: ["Bolivia", "Bolivia, Plurinational State of"],
  MK: ["Macedonia", "North Macedonia"],
  MM: ["Burma", "Birmania"],
  CV: ["Cape Verde", "Cabo Verde"],
  SZ: ["Swaziland", "Eswatini"],
  CD: [
    "DR Congo",
    "Democratic Republic of the Congo",
    "Congo, Democratic Republic of the",
    "República Democrática del Congo"
  ],
  CG: ["Congo", "Republic of the Congo", "Congo Brazzaville"],
  HK: ["Hong Kong"],
  MO: ["Macau", "Macao"],
  TW: ["Taiwan", "Taiwan, Province of China"],
  PS: ["Palestine", "Palestina", "State of Palestine"],
  BA: ["Bosnia", "Bosnia and Herzegovina"],
  VA: ["Vatican City", "Holy See"],
  BN: ["Brunei"],
  BS: ["Bahamas", "The Bahamas"],
  GM: ["Gambia", "The Gambia"],
  CN: ["PRC", "Mainland China", "People's Republic of China"],
  DE: ["Deutschland"],
  ES: ["España", "Espana"],
  BR: ["Brasil"],
  IT: ["Italia"],
  MX: ["Mexico", "México", "Méjico"],
  DO: ["Dominican Republic", "República Dominicana", "Rep. Dominicana"],
  IQ: ["Iraq", "Irak"],
  JP: ["Japan", "Japón"],
  TH: ["Thailand", "Tailandia"],
  SG: ["Singapore", "Singapur"],
  PF: ["Tahiti"]
}

const table = (() => {
  const names = new Map<string, string>()
  const all = codes.split(" ").map((pair) => ({ two: pair.slice(0, 2), three: pair.slice(3) }))
  for (const locale of ["en", "es"])
    for (const style of ["long", "short"] as const) {
      const display = new Intl.DisplayNames([locale], { type: "region", style, fallback: "none" })
      for (const { two } of all) {
        const name = display.of(two)
        if (name !== undefined && !names.has(folded(name))) names.set(folded(name), two)
      }
    }
  for (const [code, list] of Object.entries(aliases)) for (const name of list) names.set(folded(name), code)
  const alpha2 = new Set(all.map(({ two }) => two))
  const alpha3 = new Map(all.map(({ two, three }) => [three, two] as const))
  return { names, alpha2, alpha3 }
})()

const flagCode = (text: string): string | undefined => {
  const letters = Array.from(text, (char) => (char.codePointAt(0) ?? 0) - 0x1f1e6)
  return letters.length === 2 && letters.every((letter) => letter >= 0 && letter < 26)
    ? letters.map((letter) => String.fromCharCode(65 + letter)).join("")
    : undefined
}

/** The ISO 3166-1 alpha-2 code of a name (English or Spanish, marks and case do not matter), code or flag. */
export const countryCode = (text: string): string | undefined => {
  const trimmed = text.trim()
  if (trimmed.length < 2 || trimmed.length > 60) return undefined
  const code = flagCode(trimmed) ?? trimmed.toUpperCase()
  if (code.length === 2 && table.alpha2.has(code)) return code
  const byThree = code.length === 3 ? table.alpha3.get(code) : undefined
  if (byThree !== undefined) return byThree
  const name = folded(trimmed)
  return (
    table.names.get(name) ??
    table.names.get(name.replace(/^(?:the|el|la|los) /, "")) ??
    table.names.get(folded(trimmed.replace(/\s*[([].*$|\s*\d+(?:[.,]\d+)?\s*%.*$|\p{RI}{2}/gu, "")))
  )
}

export const parseCountry = (cell: string): Outcome<string> => {
  if (
    isMissing(cell) ||
    /^(?:worldwide|global|international|mundial|internacional|other|otros?)$/i.test(cell.trim())
  )
    return missing
  const code = countryCode(cell)
  return code === undefined ? invalid("this is no country of ISO 3166-1") : value(code)
}
