/**
 * Names of one culture. Romanised names are ASCII in lower case, as handles need them; `native` gives the spelling a
 * profile shows where that differs. All people made of them are invented.
 */
export interface NamePool {
  /** Written `romanised` or `romanised=as shown`. */
  readonly given: ReadonlyArray<string>
  readonly family: ReadonlyArray<string>
  /** The family name comes first in the native spelling, and nothing stands between the two. */
  readonly familyFirst?: true
}

const words = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)

export const namePools = {
  english: {
    given: words(`
      ava ella mia ruby ivy nora hazel zoe leah paige tessa willa june maeve cora faye
      noah leo max theo finn owen jack eli ryan cole dean luke ross troy wade reid`),
    family: words(`
      hale webb lane ford nash boyd reed cross marsh dale frost blake thorn knox wells holt
      harper bennett carver dawson ellison fletcher garland hollis keaton lawson merrick norwood prescott radley sawyer whitlock`)
  },
  spanish: {
    given: words(`
      lucia=Lucía marta=Marta elena=Elena ines=Inés sara=Sara paula=Paula vera=Vera noa=Noa clara=Clara luz=Luz eva=Eva rocio=Rocío alba=Alba irene=Irene olga=Olga nerea=Nerea
      diego=Diego hugo=Hugo mateo=Mateo pablo=Pablo iker=Iker unai=Unai bruno=Bruno ivan=Iván joel=Joel adrian=Adrián tomas=Tomás andres=Andrés teo=Teo ruben=Rubén oscar=Óscar gael=Gael`),
    family: words(`
      garcia=García lopez=López perez=Pérez ruiz=Ruiz diaz=Díaz vega=Vega mora=Mora soto=Soto rojas=Rojas leon=León cano=Cano gil=Gil rey=Rey pena=Peña rios=Ríos salas=Salas
      navarro=Navarro herrera=Herrera castillo=Castillo medina=Medina fuentes=Fuentes cabrera=Cabrera campos=Campos aguilar=Aguilar santana=Santana montoya=Montoya paredes=Paredes quintero=Quintero escobedo=Escobedo zamora=Zamora olmedo=Olmedo villalba=Villalba`)
  },
  portuguese: {
    given: words(`
      ana=Ana bela=Bela lara=Lara julia=Júlia luana=Luana carol=Carol nina=Nina gabi=Gabi livia=Lívia tais=Taís rita=Rita joana=Joana yasmin=Yasmin helena=Helena duda=Duda iara=Iara
      caio=Caio davi=Davi enzo=Enzo joao=João luan=Luan igor=Igor saulo=Saulo tadeu=Tadeu vitor=Vítor renan=Renan otavio=Otávio murilo=Murilo anselmo=Anselmo fausto=Fausto heitor=Heitor nuno=Nuno`),
    family: words(`
      silva=Silva souza=Souza lima=Lima rocha=Rocha alves=Alves dias=Dias melo=Melo pires=Pires nunes=Nunes braga=Braga reis=Reis pinto=Pinto moura=Moura luz=Luz paz=Paz maia=Maia
      oliveira=Oliveira ferreira=Ferreira carvalho=Carvalho ribeiro=Ribeiro almeida=Almeida barbosa=Barbosa cardoso=Cardoso teixeira=Teixeira correia=Correia monteiro=Monteiro vasconcelos=Vasconcelos figueira=Figueira azevedo=Azevedo coutinho=Coutinho sampaio=Sampaio queiroz=Queiroz`)
  },
  french: {
    given: words(`
      lea=Léa chloe=Chloé manon=Manon jade=Jade lou=Lou alice=Alice emma=Emma ines=Inès rose=Rose anais=Anaïs zelie=Zélie margot=Margot elise=Élise oceane=Océane celia=Célia maelle=Maëlle
      louis=Louis hugo=Hugo jules=Jules remi=Rémi nathan=Nathan theo=Théo yann=Yann loic=Loïc axel=Axel gabin=Gabin bastien=Bastien mathis=Mathis antoine=Antoine clement=Clément noe=Noé luc=Luc`),
    family: words(`
      martin=Martin roux=Roux noel=Noël blanc=Blanc petit=Petit faure=Faure giraud=Giraud leroy=Leroy morel=Morel duval=Duval caron=Caron collet=Collet gros=Gros vidal=Vidal pons=Pons roy=Roy
      moreau=Moreau lefebvre=Lefebvre mercier=Mercier fontaine=Fontaine rousseau=Rousseau chevalier=Chevalier gauthier=Gauthier marchand=Marchand barbier=Barbier renaud=Renaud delorme=Delorme besson=Besson charrier=Charrier lacroix=Lacroix pelletier=Pelletier tessier=Tessier`)
  },
  german: {
    given: words(`
      lena=Lena mia=Mia hanna=Hanna lea=Lea jule=Jule ida=Ida frieda=Frieda maja=Maja greta=Greta lotte=Lotte nele=Nele pia=Pia svenja=Svenja ronja=Ronja katja=Katja anke=Anke
      jonas=Jonas finn=Finn paul=Paul ben=Ben till=Till lukas=Lukas nils=Nils jan=Jan felix=Felix moritz=Moritz timo=Timo sven=Sven anton=Anton lasse=Lasse hannes=Hannes uwe=Uwe`),
    family: words(`
      mueller=Müller weber=Weber wolf=Wolf koch=Koch bauer=Bauer lang=Lang vogel=Vogel beck=Beck krug=Krug busch=Busch hahn=Hahn horn=Horn kern=Kern lenz=Lenz otto=Otto thiel=Thiel
      schneider=Schneider fischer=Fischer schaefer=Schäfer hoffmann=Hoffmann krueger=Krüger winkler=Winkler brandt=Brandt lehmann=Lehmann engelhardt=Engelhardt kaufmann=Kaufmann reinhardt=Reinhardt steinbach=Steinbach wagenbach=Wagenbach zimmer=Zimmer albrecht=Albrecht voigt=Voigt`)
  },
  italian: {
    given: words(`
      sofia=Sofia giulia=Giulia aurora=Aurora marta=Marta elisa=Elisa viola=Viola noemi=Noemi ilaria=Ilaria gaia=Gaia ambra=Ambra lisa=Lisa chiara=Chiara serena=Serena arianna=Arianna mara=Mara bianca=Bianca
      luca=Luca marco=Marco matteo=Matteo dario=Dario elia=Elia pietro=Pietro enea=Enea fabio=Fabio nico=Nico fulvio=Fulvio stefano=Stefano tommaso=Tommaso edoardo=Edoardo lorenzo=Lorenzo ugo=Ugo ettore=Ettore`),
    family: words(`
      rossi=Rossi conti=Conti bruni=Bruni villa=Villa galli=Galli riva=Riva serra=Serra testa=Testa neri=Neri sala=Sala fusi=Fusi pozzi=Pozzi rizzo=Rizzo longo=Longo gatti=Gatti leone=Leone
      esposito=Esposito colombo=Colombo ricci=Ricci marino=Marino barbieri=Barbieri fontana=Fontana moretti=Moretti lombardi=Lombardi caputo=Caputo pellegrini=Pellegrini ferrara=Ferrara santoro=Santoro valentini=Valentini bellini=Bellini cattaneo=Cattaneo donati=Donati`)
  },
  japanese: {
    familyFirst: true,
    given: words(`
      yui=結衣 hina=陽菜 mei=芽依 rin=凛 aoi=葵 saki=咲 mio=澪 nao=奈緒 emi=恵美 kana=佳奈 rei=玲 sora=空 miku=未来 haruka=遥 ayaka=彩花 nanami=七海
      ren=蓮 yuto=悠斗 sho=翔 kaito=海斗 haru=陽 daiki=大輝 riku=陸 kei=圭 jun=純 taku=拓 naoki=直樹 kenta=健太 ryota=涼太 shun=駿 yuma=悠真 hiro=浩`),
    family: words(`
      sato=佐藤 ito=伊藤 kato=加藤 mori=森 abe=阿部 ono=小野 ueda=上田 ota=太田 hara=原 goto=後藤 endo=遠藤 kudo=工藤 wada=和田 seki=関 noda=野田 ishii=石井
      suzuki=鈴木 takahashi=高橋 tanaka=田中 watanabe=渡辺 yamamoto=山本 nakamura=中村 kobayashi=小林 yoshida=吉田 matsumoto=松本 hayashi=林 shimizu=清水 fujita=藤田 okada=岡田 murakami=村上 nishimura=西村 kawaguchi=川口`)
  },
  korean: {
    familyFirst: true,
    given: words(`
      seohui=서희 gaeun=가은 haeun=하은 sua=수아 yuha=유하 mirae=미래 dahye=다혜 sora=소라 boreum=보름 eunsol=은솔 nari=나리 jia=지아 hyerin=혜린 yejin=예진 areum=아름 dain=다인
      minjun=민준 dokyung=도경 gunho=건호 hajun=하준 siwoo=시우 junseo=준서 eunwoo=은우 taeho=태호 seungil=승일 kyungho=경호 jaewon=재원 hyunseok=현석 daeho=대호 inho=인호 woojin=우진 sungho=성호`),
    family: words(`
      kim=김 lee=이 park=박 choi=최 jung=정 kang=강 cho=조 yoon=윤 jang=장 lim=임 han=한 oh=오 seo=서 shin=신 kwon=권 hwang=황
      ahn=안 song=송 ryu=류 hong=홍 jeon=전 ko=고 moon=문 bae=배 baek=백 heo=허 nam=남 noh=노 ha=하 joo=주 woo=우 min=민`)
  },
  indian: {
    given: words(`
      asha=आशा diya=दिया ira=इरा kavya=काव्या meera=मीरा nidhi=निधि pooja=पूजा roma=रोमा sana=सना tara=तारा uma=उमा veda=वेदा anjali=अंजलि shreya=श्रेया nisha=निशा lata=लता
      aarav=आरव arjun=अर्जुन deep=दीप ishan=ईशान kunal=कुणाल manav=मानव nikhil=निखिल om=ओम pranav=प्रणव rohan=रोहन samar=समर tarun=तरुण yash=यश vivek=विवेक girish=गिरीश ajay=अजय`),
    family: words(`
      rao=राव das=दास jain=जैन menon=मेनन bose=बोस sen=सेन shah=शाह puri=पुरी gill=गिल vyas=व्यास roy=रॉय dutt=दत्त kaul=कौल pathak=पाठक soni=सोनी negi=नेगी
      sharma=शर्मा verma=वर्मा gupta=गुप्ता mehta=मेहता patel=पटेल reddy=रेड्डी iyer=अय्यर joshi=जोशी desai=देसाई kulkarni=कुलकर्णी chauhan=चौहान mishra=मिश्रा tiwari=तिवारी bhandari=भंडारी saxena=सक्सेना thakur=ठाकुर`)
  },
  arabic: {
    given: words(`
      layla=ليلى noor=نور salma=سلمى hala=هلا dana=دانا reem=ريم lama=لمى huda=هدى amal=أمل rana=رنا jana=جنى farah=فرح maryam=مريم yasmine=ياسمين hanan=حنان dalia=داليا
      omar=عمر ali=علي sami=سامي zaid=زيد fahad=فهد karim=كريم tariq=طارق yusuf=يوسف hasan=حسن adel=عادل majed=ماجد rami=رامي nasser=ناصر khaled=خالد faisal=فيصل walid=وليد`),
    family: words(`
      saleh=صالح hamad=حمد aziz=عزيز najjar=نجار khoury=خوري mansour=منصور haddad=حداد shami=شامي qasim=قاسم rashed=راشد fares=فارس badr=بدر jaber=جابر anwar=أنور sabry=صبري zaki=زكي
      abdallah=عبدالله ibrahim=إبراهيم mahmoud=محمود sulaiman=سليمان alharbi=الحربي alotaibi=العتيبي alqahtani=القحطاني alzahrani=الزهراني alshehri=الشهري elsayed=السيد elmasry=المصري hegazy=حجازي barakat=بركات shaheen=شاهين darwish=درويش masoud=مسعود`)
  },
  indonesian: {
    given: words(`
      putri dewi sari ayu citra dinda gita indah kartika laras mega nadia rani tika wulan yuni
      adi bayu dimas eko fajar galih hendra indra jati krisna lukman rizky satria teguh wahyu yoga`),
    family: words(`
      wijaya santoso pratama saputra nugroho kusuma hidayat setiawan utomo susanto hartono wibowo permana gunawan halim irawan
      lubis nasution siregar harahap tanjung sihombing purba hutagalung manullang sinaga mahendra suryadi prasetyo budiman rahardjo yulianto`)
  },
  turkish: {
    given: words(`
      elif=Elif zeynep=Zeynep defne=Defne ece=Ece selin=Selin derya=Derya naz=Naz irem=İrem asli=Aslı ebru=Ebru melis=Melis gizem=Gizem pinar=Pınar ceren=Ceren yagmur=Yağmur sude=Sude
      emre=Emre can=Can mete=Mete kaan=Kaan ege=Ege deniz=Deniz ozan=Ozan cagri=Çağrı efe=Efe kerem=Kerem tolga=Tolga onur=Onur selim=Selim umut=Umut volkan=Volkan yigit=Yiğit`),
    family: words(`
      yilmaz=Yılmaz kaya=Kaya demir=Demir celik=Çelik sahin=Şahin aydin=Aydın koc=Koç kurt=Kurt ozkan=Özkan acar=Acar tekin=Tekin polat=Polat uysal=Uysal bulut=Bulut aksoy=Aksoy erdem=Erdem
      yildirim=Yıldırım ozturk=Öztürk aslan=Aslan dogan=Doğan kilic=Kılıç cetin=Çetin kaplan=Kaplan gunes=Güneş karaca=Karaca toprak=Toprak sezer=Sezer bayrak=Bayrak altintas=Altıntaş guler=Güler basaran=Başaran yuksel=Yüksel`)
  }
} as const satisfies { readonly [name: string]: NamePool }

export type NamePoolName = keyof typeof namePools

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** One name, romanised for handles, with its capital, and as its bearer writes it. */
export interface Name {
  readonly roman: string
  readonly latin: string
  readonly native: string
}

const parse = (entry: string): Name => {
  const [roman = entry, native] = entry.split("=")
  const latin = capitalized(roman)
  return { roman, latin, native: native ?? latin }
}

/** A pool with its names taken apart. */
export interface ParsedPool {
  readonly given: ReadonlyArray<Name>
  readonly family: ReadonlyArray<Name>
  readonly familyFirst: boolean
}

const parsed = new Map<NamePoolName, ParsedPool>()

export const poolOf = (name: NamePoolName): ParsedPool => {
  const known = parsed.get(name)
  if (known !== undefined) return known
  const pool: NamePool = namePools[name]
  const made = {
    given: pool.given.map(parse),
    family: pool.family.map(parse),
    familyFirst: pool.familyFirst === true
  }
  parsed.set(name, made)
  return made
}

export const namePoolNames: ReadonlyArray<NamePoolName> = [
  "english",
  "spanish",
  "portuguese",
  "french",
  "german",
  "italian",
  "japanese",
  "korean",
  "indian",
  "arabic",
  "indonesian",
  "turkish"
]
