package demo

import "strings"

// What a review can be about. Each is a symbol of the grammar too.
var (
	topics    = list("phones|kitchen|books|clothing|garden|games")
	aspects   = list("quality|price|delivery|support|design")
	urgencies = list("low|normal|high")
	languages = list("en|de|fr|es|it|nl")
)

// grammar has the expansions of each symbol; {…} in one is expanded in turn.
var grammar = map[string][]string{
	"opening": list("I bought this|We ordered the|My sister gave me this|Got myself a new|I have used this|This is my second|Finally a review of the"),
	"when":    list("{number} days ago|last {month}|in {month}|for {number} euros|after {number} weeks of waiting|from the shop in {town}"),
	"month":   list("January|February|March|April|May|June|July|August|September|October|November|December"),
	"town":    list("Leeds|Bristol|Dover|York|Oxford|Cardiff|Derby|Exeter|Norwich|Bath"),

	"phones":   list("phone|smartphone|charger|headset|battery pack|screen protector|tablet|SIM card"),
	"kitchen":  list("kettle|toaster|frying pan|knife set|blender|coffee maker|oven tray|rice cooker"),
	"books":    list("novel|paperback|cookbook|biography|thriller|poetry collection|atlas|textbook"),
	"clothing": list("jacket|pair of shoes|shirt|winter coat|scarf|dress|rain hat|wool jumper"),
	"garden":   list("lawn mower|garden hose|rake|bird feeder|plant pot|hedge trimmer|greenhouse|wheelbarrow"),
	"games":    list("board game|puzzle|game console|card deck|chess set|controller|dice tower|role playing book"),

	"quality":  list("build quality|material|finish|workmanship|durability|stitching"),
	"price":    list("price|cost|value for money|discount|shipping fee|total on the bill"),
	"delivery": list("delivery|courier|packaging|shipping time|parcel tracking|box it came in"),
	"support":  list("customer support|help desk|hotline|answer from the staff|warranty service|chat agent"),
	"design":   list("design|colour|look|shape|style|layout of the buttons"),

	"level1": list("terrible|awful|dreadful|a complete disaster|the worst ever|horrible beyond words"),
	"level2": list("bad|poor|disappointing|rather weak|below what I hoped|not good"),
	"level3": list("okay|average|so so|acceptable|neither here nor there|fair"),
	"level4": list("good|nice|pleasant|solid|quite likeable|better than expected"),
	"level5": list("excellent|perfect|wonderful|outstanding|the best ever|fantastic in every way"),

	"low":    list("No need to answer.|Just for your records, no rush.|Whenever you have time.|I only wanted to share this."),
	"normal": list("Please reply this week.|Let me know what you think soon.|I look forward to an answer.|Could you look into it?"),
	"high":   list("This is urgent!|I need an answer today.|Please act immediately.|It is an emergency, hurry up.|Reply within {number} minutes."),

	"formal": list("I would like to inform you of my experience.|Kindly accept my sincere regards.|Furthermore, I wish to express my view.|Dear sir or madam, I am writing as a customer."),
	"casual": list("So yeah, gonna keep it short lol.|Hey guys, just my two cents.|Tbh I dunno what else to say.|Anyway, cheers folks."),
	"helpful": list("For example, after {number} hours it still worked the same because of the steel frame.|I measured it: {number} grams and {number} millimetres.|" +
		"Compared with the older version it has {number} more parts.|Tip: read the manual first, then adjust the screw by {number} degrees."),

	"spam":      list("Click here for {offer}.|Visit my page and win {offer}.|Make money fast with {offer}.|Limited offer: {offer}, act now.|Subscribe and receive {offer}."),
	"offer":     list("a free voucher|{number} free coins|cheap watches|a bonus of {number} dollars|casino credits|easy cash from home"),
	"toxic":     list("Only {insult} would sell this.|You people are {insults}.|Whoever made this is {insult}.|Shut up, {insults}, nobody likes you."),
	"insult":    list("an idiot|a clown|a fool|a moron|a loser"),
	"insults":   list("idiots|clowns|fools|morons|losers"),
	"profane":   list("What a {curse} mess.|Where the {curse} is the rest?|Oh {curse}, not again.|{curse} and double {curse}."),
	"curse":     curses,
	"refund":    list("I want my money back.|Please refund order {number}.|I am sending it back for a refund.|Return the {number} euros to my account."),
	"churn":     list("I will cancel my subscription.|I am switching to another shop.|You just lost a customer.|Never again, goodbye.|Please close my account number {number}."),
	"sarcastic": list("Oh great, just what I needed, yeah right.|Sure, because who needs things that work.|Brilliant idea, truly genius, slow clap.|Wow, thanks a bunch for nothing."),
	"personal":  list("Call me on 555 0{number}.|My mail is {name}{number} at example dot org.|I live at {number} {street}.|My full name is {name} {street}, phone 555 0{number}."),
	"name":      list("alice|bob|carol|dave|erin|frank|grace|heidi"),
	"street":    list("Mill Lane|Station Road|Church Street|High Street|Park Avenue|Green Lane"),
	"nonASCII":  list("👍|😡😡|☕ and a café nearby.|Très bien, as they say.|Grüße from Köln.|That is {number} € too much.|Naïve of me… 🙃"),

	"en": list("The {enNoun} was {enAdj} and the {enNoun} is {enAdj}.|After {number} days the {enNoun} is still {enAdj}."),
	"de": list("Die {deNoun} war {deAdj} und die {deNoun} ist {deAdj}.|Nach {number} Tagen ist die {deNoun} immer noch {deAdj}."),
	"fr": list("La {frNoun} était {frAdj} et la {frNoun} est {frAdj}.|Après {number} jours la {frNoun} est toujours {frAdj}."),
	"es": list("La {esNoun} era {esAdj} y la {esNoun} es {esAdj}.|Después de {number} días la {esNoun} sigue {esAdj}."),
	"it": list("La {itNoun} era {itAdj} e la {itNoun} è {itAdj}.|Dopo {number} giorni la {itNoun} è ancora {itAdj}."),
	"nl": list("De {nlNoun} was {nlAdj} en de {nlNoun} is {nlAdj}.|Na {number} dagen is de {nlNoun} nog steeds {nlAdj}."),

	"enNoun": list("lamp|bag|watch|delivery|colour|quality|machine|bottle"),
	"enAdj":  list("good|bad|fast|slow|beautiful|broken|cheap|wonderful"),
	"deNoun": list("Lampe|Tasche|Uhr|Lieferung|Farbe|Qualität|Maschine|Flasche"),
	"deAdj":  list("gut|schlecht|schnell|langsam|schön|kaputt|günstig|wunderbar"),
	"frNoun": list("lampe|sacoche|montre|livraison|couleur|qualité|machine|bouteille"),
	"frAdj":  list("bonne|mauvaise|rapide|lente|belle|cassée|chère|magnifique"),
	"esNoun": list("lámpara|bolsa|cartera|entrega|pintura|calidad|máquina|botella"),
	"esAdj":  list("buena|mala|rápida|lenta|bonita|rota|barata|maravillosa"),
	"itNoun": list("lampada|borsa|sveglia|consegna|vernice|qualità|macchina|bottiglia"),
	"itAdj":  list("buona|cattiva|veloce|lenta|bella|rotta|economica|meravigliosa"),
	"nlNoun": list("lamp|tas|klok|levering|kleur|kwaliteit|machine|fles"),
	"nlAdj":  list("goed|slecht|snel|langzaam|mooi|kapot|goedkoop|prachtig"),
}

// curses are what the profanity model flags. They are mild on purpose.
var curses = list("damn|crap|bloody|hell|bugger|blast")

func list(s string) []string { return strings.Split(s, "|") }
