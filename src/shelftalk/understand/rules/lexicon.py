"""What English shoppers say: word lists and synonyms of shopping in general, with nothing of any catalogue in them."""

from __future__ import annotations

from shelftalk.words.stems import bag, stem, stemmed

# Praise and blame: as a catalogue's value they count only beside the name of their field ("good water resistance").
EVALUATIVE = bag(
    "good fair poor excellent great best bad average normal high low medium moderate basic premium decent nice perfect yes no none other "
    "others various new strong weak superior standard-grade ok fine very"
)
# Colours that are hardly ever anything else.
COLORS = bag(
    "black white red blue green yellow purple pink brown grey gray silver gold beige navy turquoise maroon burgundy teal magenta khaki ivory"
)

# Words so common in ordinary sentences that, standing alone, they are no proof of a catalogue's value. They count when
# something supports them: the field's name, the product's noun right after, another value of the field beside them.
COMMON = bag("""able access action active adult advance air all alpha american amber angel any apple area arm arrow art auto away
    baby back bag ball band bar bare base basic bay beach bear beauty bed bell below berry best better beyond big bird bit
    blade blend block blow board body bold bolt bonus book boost box boy brand brave bridge bright broad bubble build built button
    call calm camp can cap car carbon card care carnival cart case casual cat center central chance change charm chase cheap check
    choice city clarity class classic clean clear click close cloud club coach coast coffee combo combination comfort comfortable compact complete cool core corner
    country cover craft crown cut daily dark dash day deal deep delta desert design diamond direct discovery dog double dove
    down dream drive dual dynamic eagle earth easy eco edge eight elegant element elite energy enjoy essential ever every
    exact express extra eye fair fall family fan fashion fast feather felt fine fire first fit five fixed flash flat flex flight
    flow fly focus force forest form formal four fox free fresh friend front full fun fusion future galaxy gap garden gear general
    generic gentle genius giant gift girl glass go goddess good grace grand great grip ground group grow guard guide half hand
    handy happy hard harmony heart heavy height help hero high home honest honor hood hook hot house human ice ideal image
    independent inspire instant integrated iron island jet join joy jump junior just keep key kid kind king kit lady large last
    latest leader left legend less level liberty life lift light limited line link lion list little live local lock long look loop
    love low lucky luna machine magic main manual many mark mass master match max maximum medium mega men metal method mid mini minimum minimal
    mint mirror mix mobile mode model modern moment moon more mother motion mount mountain move multi multiple music natural nature
    near need never new next nice night nine none no normal north not note now ocean off office old olive on one only open option optional
    orange orbit original other out outdoor over oxygen pack pad pair panel paper part party pass passion path patriot peak
    pearl perfect personal petite piece pilot pine pioneer place plain plan planet plant play please plum plus pocket point poor
    portable positive power premium present press prime print pro process progress promise proper pull pulse pure quality queen
    quick quiet radio rain range rapid ray ready real rebel reflex regular relax remote rest rich ride right ring rise river
    road rock roll roller root rose rough round royal run rush safe sage same sand save scout sea seal season second secret secure see select
    self sense series service set seven shadow shape share sharp shell shine short show side sierra sign signal simple single
    six size skin sky sleek slim small smart smooth soft solid solo solution sound source south space spare spark special speed spirit
    sport spot spring square stable stage standard star start state station stay steady steel step still stone store storm
    straight stream street strong studio style sub summer summit sun super support sure surface swift system table tag target team
    tech ten thin thing three thunder tide tiger tight time tiny titan top total touch tough tower town toy track tradition traditional trail
    travel tree trend tri tribe trigger trim triple true trust turbo twin two ultra under union unique unit universal up urban value various view
    village vision vital voice wall warm watch water wave way wear well west whole wide wild win wind window wing wise
    wish with wolf woman wonder wood work world yes young zero zone lime coral salmon peach cream chocolate coffee honey ginger
    hammer nest ring echo dot pixel surface spigot anchor coast carnival mission ford prophet oil diesel hill""")

# Attribute concepts: a request's word on either side of a group names the same kind of field.
_CONCEPTS = """
price cost costs pricing priced budget
weight weigh weighs mass
memory storage ram space internal
storage memory hdd ssd disk drive flash internal
ram memory
screen display
capacity volume hold holds holding fits size brew brews room store stores
capacity juice
megapixels megapixel mp pixels resolution
resolution definition
warranty guarantee guaranteed
charging charge charges recharge recharges recharging charger
recharge charging charge charges
ports port slots slot outlets outlet sockets socket connectors devices device gadgets gadget
noise decibel loudness quietness sound volume
speed fast rpm
rating rated stars star reviews score
reviews review popular popularity reviewed
power wattage watts watt
brightness lumens lumen luminous
distance range reach throw far
battery batteries
life lifetime runtime playtime last lasts lasting endurance
material fabric made textile
fabric material cloth textile
color colour colored coloured shade hue finish
brand manufacturer maker make label vendor designer
size sizes diameter
length long
width wide
height tall high
depth deep
thickness thick thin
age ages aged old year years
pack packs count pieces piece quantity set per num number pcs units box
connectivity connection connect connects connected wire wires cord cable
wireless cordless bluetooth
waterproof water resistant resistance splash rain splashproof
closure closures fastening fasteners clasp close closes closing
washing wash washable cleaning laundry instruction care
neck neckline collar
type style kind
style type
sleeve sleeves
occasion event
precision accuracy precise accurate increments
lens lenses
focus focusing
video videos film recording shoot shooting record records recording
temperature warmth
flavor flavour taste
scent fragrance smell odor odour
fragrance perfume perfumes perfumed scent scents
system os platform
processor cpu chip
camera photo photos
heat heating heats warm
timer auto
gender sex women men
season weather
pattern print
shape form
absorbency absorb absorbent
coverage area room
clumping clump
"""
CONCEPTS: dict[str, frozenset[str]] = {}
for _line in _CONCEPTS.strip().splitlines():
    _head, *_rest = [stem(w) for w in _line.split()]
    CONCEPTS[_head] = CONCEPTS.get(_head, frozenset()) | {_head, *_rest}

# Words that mean just what a field's name means: "factor 50" of a sunscreen is its SPF.
ALSO_CALLED: dict[str, frozenset[str]] = {stem("spf"): stemmed("factor")}

# Words of field names that say nothing about which field is meant.
NAME_NOISE = stemmed(
    "type of the is has with per num number value max min maximum minimum product item total and or for in a rating"
)

# Synonyms of values and yes/no attributes: what shoppers say -> the words a catalogue may use.
VALUE_SYNONYMS: dict[str, tuple[str, ...]] = {
    "waterproof": ("waterproof", "water resistant", "water resistance", "water-proof"),
    "cordless": ("wireless", "cordless"),
    "wire free": ("wireless",),
    "wireless": ("wireless", "cordless"),
    "grey": ("gray",), "gray": ("grey",),
    "aluminium": ("aluminum",), "aluminum": ("aluminium",),
    "stainless": ("stainless steel",),
    "automatic": ("auto",), "automatically": ("auto",), "autofocus": ("auto", "auto focus"),
    "colour": ("color",),
    "silicone": ("silicon",), "silicon": ("silicone",),
    "zip": ("zipper",), "zip up": ("zipper",), "zippered": ("zipper",), "zipped": ("zipper",),
    "ladies": ("women", "female", "f"), "woman": ("women", "female", "f"), "women": ("women", "female", "ladies", "f"), "female": ("women",),
    "mens": ("men", "male", "m"), "man": ("men", "male", "m"), "men": ("men", "male", "m"), "male": ("men",),
    "kids": ("children", "kid"), "children": ("kids",), "kid": ("kids", "children"),
    "tee": ("t-shirt",), "tv": ("television",), "cellphone": ("cell phone",), "mobile phone": ("cell phone", "smartphone"),
    "fridge": ("refrigerator",), "notebook": ("laptop",), "laptop": ("notebook",), "trainers": ("sneakers",), "sneakers": ("trainers",),
    "rucksack": ("backpack",), "knapsack": ("backpack",), "backpack": ("rucksack",), "earphones": ("headphones", "earbuds"), "earbuds": ("headphones",),
    "powerbank": ("power bank",), "portable charger": ("power bank",), "desk chair": ("office chair",), "swivel chair": ("office chair",),
    "raincoat": ("rain jacket",), "rain coat": ("rain jacket",), "anorak": ("rain jacket",), "bike light": ("bicycle light",), "bike lamp": ("bicycle light",),
    "coffee machine": ("coffee maker",), "coffee maker": ("coffee machine",), "moisturizer": ("moisturiser",), "moisturiser": ("moisturizer",),
    "leash": ("lead", "dog lead"), "jigsaw": ("puzzle",), "sunblock": ("sunscreen",), "sun cream": ("sunscreen",), "smartphone": ("phone", "cell phone", "mobile phone"),
    "sofa": ("couch",), "couch": ("sofa",), "vegan leather": ("faux leather",), "fake leather": ("faux leather",),
    "faux": ("faux leather",), "hi res": ("high resolution",), "4k": ("uhd", "2160p"), "uhd": ("4k",), "full hd": ("1080p",), "fhd": ("1080p",),
    "standard definition": ("480p", "sd"), "high definition": ("720p", "hd"), "led": ("led",), "multicolour": ("multicolor",),
    "rechargeable": ("rechargeable",), "foldable": ("folding", "foldable"), "collapsible": ("folding", "foldable", "collapsible"),
    "bt": ("bluetooth",), "noise cancelling": ("noise cancellation", "active noise cancelling", "anc"), "anc": ("noise cancelling",),
    "elastic": ("elasticity", "elasticated"), "stretchy": ("elasticity", "elastic"), "stretch": ("elastic", "elasticity"), "lithium ion": ("lithium",), "li ion": ("lithium",),
    "unscented": ("fragrance-free", "scent-free"), "scent free": ("unscented",), "fragrance free": ("unscented",), "odorless": ("unscented",),
    "gold": ("golden",), "golden": ("gold",), "machine washable": ("machine",), "washing machine": ("machine washable", "machine"), "hand washable": ("hand",), "washer": ("machine",), "small": ("s",), "medium": ("m",), "large": ("l",), "extra large": ("xl",), "x large": ("xl",), "extra small": ("xs",),
}  # fmt: skip

# What is so by its nature has the yes/no attribute: whatever has Bluetooth is wireless.
IMPLIED: dict[str, tuple[str, ...]] = {stem("wireless"): (stem("bluetooth"),), stem("cordless"): (stem("bluetooth"),)}

# What a product with the yes/no attribute has not.
LACKS: dict[str, frozenset[str]] = {
    stem("wireless"): stemmed("cable cord wire wired corded"),
    stem("cordless"): stemmed("cable cord wire wired corded"),
}

# Fields where less is better: "the best price" sorts ascending, and so does "fastest" on a time.
LESS_IS_BETTER = stemmed("price cost weight noise recharge charging latency thickness decibel")

# Idioms of thrift: no limit is named, and the cheapest that fits is what is meant.
THRIFT = (
    r"(?:break|breaking|broke|bust|busting|empty|emptying|drain|draining|rob|robbing|kill|killing|hurt|hurting|dent|denting|burn|burning|burns|set|setting|wreck|wrecking)\s+"
    r"(?:a hole in |a dent in )?(?:the|my|me|your|our)?\s*(?:bank|wallet|budget|pocket|pockets|purse|savings|account|piggy bank)",
    r"cost(?:s|ing)? (?:me |us )?(?:an arm|a fortune|the earth|a bomb|too much|a lot|a ton|a kidney|much|a pretty penny)",
    r"(?:spend|spending|pay|paying|drop|dropping|shell out|blow|blowing|throw|throwing|fork out|fork over|shelling out)[a-z ]{0,12} (?:a fortune|too much|a lot|a ton|big bucks|much|loads|heaps|more than i have to|big money|money around|more than necessary|through the nose|tons|a bundle)",
    r"(?:made|loaded|flush|swimming|rolling|dripping)(?: of| with| in|)? (?:the )?(?:money|cash|dough)\b",
    r"(?:tight|limited|small|shoestring|strict|low|modest) budget|budget(?:'s| is)(?: a bit| kinda| pretty| really)? (?:tight|limited)|on a budget|budget[- ](?:friendly|conscious)",
    r"(?:money|cash|purse strings|wallet|funds)(?:'s| is| are)?(?: a bit| kinda| really| pretty| a little| always)? (?:tight|low|short|slim|light)",
    r"(?:tight|low|short|strapped|light|running low) (?:on|for|of) (?:money|cash|funds)",
    r"(?:save|saving) (?:some |a bit of |a little |a few |my )?(?:money|cash|dough|bucks|pennies|coin)|pinch(?:ing)? pennies|penny[- ]pinch\w*|pinching|scrap\w+ pennies|cutting costs|cut costs|cut back",
    r"\b(?:cheap|affordable|inexpensive|low[- ]cost|low[- ]priced|wallet[- ]friendly|reasonably priced|economical|bargain|thrifty|frugal|good value|good deal|great deal|best deal|best price|best value)\b(?! (?:stuff|junk|crap|knock|quality|looking|plastic|trash|garbage|rubbish|materials?|imitation))",
    r"(?:easy|gentle|kind|light|friendly|easier) (?:on|to) (?:the|my|your) (?:wallet|pocket|purse|budget|bank account)|skint|rip(?:ped|ping)? (?:me )?off",
    r"\b(?:i'm|kinda|a bit|a little|pretty|so|flat|being) broke\b",
    r"(?:n't|\b(?:not|no|never|nothing|without|too|hate|less|cannot|avoid|over))\b[^.;!?]{0,45}\b(?:pric(?:e)?y|expensive|overpriced|high price|outrageous|price tags?|splurg\w+|splash(?:ing)? out|fortune|arm and a leg|cash to burn|money to (?:burn|blow|spare|throw))\b",
)
