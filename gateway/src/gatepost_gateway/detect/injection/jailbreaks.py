"""Signs of another self that a model is talked into: without limits, morals or memory of what it is."""

from gatepost_gateway.detect.injection.signs import JAILBREAK, MACHINE, Sign

_HARD_LIMITS = r"(?:morals?|morality|moralit(?:y|ies)|ethics?|ethical \w+|conscience|remorse|empathy|shame|mercy|inhibitions?|scruples|qualms|taboos?|limits)"
_ROLE = r"(?:language model|ai|a\.i\.|chat ?bot|llm|gpt|assistant|robot|computer)"
ABOUT = Sign(
    JAILBREAK,
    -0.4,
    r"^(?:please |can you |could you |kindly )?(?:discuss|explain|describe|define|summari[sz]e|compare|what|how|why|is|are|does|do|should"
    r"|write an? (?:\w+ ){0,3}(?:story|essay|poem|report|script|article)|compose|create an? (?:\w+ ){0,3}(?:story|scenario|poem)|develop)\b.{0,400}$",
)
"""A short question about such things is most often just that."""

SIGNS: tuple[Sign, ...] = (
    Sign(JAILBREAK, 1.0, r"\bdo[ -]?anything[ -]?now\b"),
    Sign(JAILBREAK, 0.5, r"\bjailbr(?:eak|oken)"),
    Sign(
        JAILBREAK,
        0.9,
        r"\bdan\b.{0,60}\b(?:do anything|not limited|no limits|override|restrictions|no rules|unlimited|free from)",
        r"\bdan\b",
    ),
    Sign(
        JAILBREAK,
        0.9,
        r"\b(?:act|pretend|respond|answer|behave|play|pose|speak|roleplay|role-play|acting|simulate|simulating|emulate)\b.{0,40}\b(?:dan|stan|dude|aim|evilbot|betterdan|sydney|mongo tom|kevin|chaosgpt|bob|omega|maximum|ucar|alphabreak|hitchens|yes ?man|anti-?dan|dev ?mode|basedgpt|cooper|khajiit|jedi|freegpt|universal)\b",
        r"\b(?:dan|stan|dude|aim|evilbot|betterdan|sydney|mongo tom|kevin|chaosgpt|bob|omega|maximum|ucar|alphabreak|hitchens|yes ?man|anti-?dan|dev ?mode|basedgpt|cooper|khajiit|jedi|freegpt|universal)\b",
    ),
    Sign(
        JAILBREAK,
        0.8,
        r"\b(?:developer|god|dev|sudo|opposite|evil|nsfw|chaos|rebel|anarchy|override) mode\b"
        r"|\b(?:you(?:'re| are|r)|enter(?:ing|ed)?|enabl(?:e|ed|ing)|activat(?:e|ed|ing)|switch(?:ed|ing)?|turn on|go(?:ing)? in|put(?:ting)?|start|begin|this is|currently|now) (?:\w+ ){0,4}(?:debug|admin|root|maintenance|system) mode\b",
        r"\b(?:developer|god|dev|sudo|opposite|evil|nsfw|chaos|rebel|anarchy|override|debug|admin|root|maintenance|system) mode\b",
    ),
    Sign(JAILBREAK, 0.5, r"\b(?:unfiltered|uncensored|unrestricted|unmoderated|unhinged|limitless|amoral)\b"),
    Sign(
        JAILBREAK,
        0.55,
        r"\b(?:no|without|free (?:of|from)|lacks?|ignor\w+|bypass\w*|remov\w+|unbound by|disabl\w+|not (?:bound|limited|restricted|constrained) by|does ?n[o']t (?:have|follow|care))\b.{0,30}\b(?:restrictions?|limitations?|filters?|filtering|censor(?:ship)?|boundaries|ethic(?:s|al)|moral(?:s|ity)?|guidelines|safeguards?|content polic(?:y|ies)|rules|constraints|principles|confines|warnings|disclaimers)\b",
        r"(?:restrictions?|limitations?|filter|censor|boundaries|ethic|moral|guidelines|safeguard|content polic|\brules\b|constraints|principles|confines|warnings|disclaimers)",
    ),
    Sign(
        JAILBREAK,
        0.5,
        r"\b(?:never|cannot|can't|won't|will not|must not|don't|do not|not allowed to|never ever)\b.{0,15}\b(?:refuse|reject|decline|say no|deny|apologi[sz]e|break character|say you can't|say that you can't|say you cannot|warn|object)\b",
        r"\b(?:refuse|reject|decline|say no|deny|apologi[sz]e|break character|say you can|say that you can|warn|object)\b",
    ),
    Sign(
        JAILBREAK,
        0.5,
        r"\b(?:stay|remain|stays|keep|staying) in character\b|\bstay (?:a )?(?:dan|in dan)\b|\bbreak(?:ing)? character\b|\bout of character\b",
    ),
    Sign(
        JAILBREAK,
        0.6,
        r"\b(?:openai|anthropic|google|meta|content|usage|use-case|ethical|safety)(?:'s)? (?:content )?(?:polic(?:y|ies)|guidelines|rules|restrictions)\b",
    ),
    Sign(
        JAILBREAK,
        0.5,
        r"\b(?:you are|you're|you will|you shall|you have|he is|she is|is|can|be) (?:now |been |going to be |about to be |completely |totally |finally |free ){1,3}(?:free|liberated|released|unshackled|unlocked|independent|immersed|broken free)",
    ),
    Sign(
        JAILBREAK,
        0.4,
        r"\b(?:pretend|imagine|act|roleplay|role-play|role play|simulate|you are going to|you will (?:now )?(?:act|play|be|become|take on|assume|pretend)|i want you to (?:act|be|play|pretend|imagine|roleplay)|take on the (?:role|persona)|assume the (?:role|persona|identity))\b",
    ),
    Sign(
        JAILBREAK,
        0.4,
        r"\b(?:illegal|unethical|immoral|harmful|dangerous|nsfw|explicit|violent|profan(?:e|ity)|curse|swear|offensive|racist|sexist|criminal|unlawful|controversial|inappropriate)\b",
    ),
    Sign(
        JAILBREAK,
        0.4,
        r"\b(?:two|both|2|dual) (?:different )?(?:responses|ways|answers|outputs|paragraphs|replies|versions|personalities|personas)\b|\[?(?:🔒|🔓)",
    ),
    Sign(
        JAILBREAK,
        0.5,
        r"\btokens?\b.{0,60}\b(?:deduct|lose|lost|subtract|each time|punish|die|35|start with|taken away)",
        r"\btokens?\b",
    ),
    Sign(
        JAILBREAK,
        0.3,
        r"\bas an? (?:ai|artificial intelligence|large)(?: language)?(?: model)?\b|\bi(?:'m| am) sorry\b.{0,30}\b(?:but|can)|\bi can(?:'t|not) (?:assist|fulfil|do that|comply|provide)",
        r"\bas an? (?:ai|artificial|large)|sorry|\bi can(?:'t|not) (?:assist|fulfil|do that|comply|provide)",
    ),
    Sign(
        JAILBREAK,
        0.3,
        r"\b(?:hypothetical|fictional|fictitious|alternate|parallel)\b.{0,40}\b(?:response|story|world|scenario|universe|character|setting|dialogue)\b",
        r"hypothetical|fictional|fictitious|alternate|parallel",
    ),
    Sign(
        JAILBREAK,
        0.3,
        rf"\byou are (?:not|no longer) (?:an? |just )?(?:{MACHINE}|bound|restricted|limited)\b|\bevil\b|\bmachiavelli",
    ),
    Sign(
        JAILBREAK,
        0.3,
        r"\b(?:regardless of|no matter (?:how|what)|even if it|whatever i (?:ask|say|tell)|anything i (?:ask|say|want)|obey (?:all|every|me|my)|any (?:question|request|prompt|order|command)s?)\b",
    ),
    Sign(
        JAILBREAK,
        0.3,
        r"\b(?:fulfil|comply|compl(?:y|ies|iant)|obey|obedient|cooperate)\w*\b|\bhow would \w+ (?:respond|answer)\b|\b(?:if you understand|say \"?understood|respond with \"?(?:ok|understood|yes))\b",
    ),
    Sign(
        JAILBREAK,
        0.3,
        rf"\b(?:{MACHINE})\b.{{0,60}}\b(?:persona|character|alter ego|version|mode|simulator|roleplay)\b",
        r"persona|character|alter ego|simulator|roleplay|\bmode\b|\bversion\b",
    ),
    Sign(
        JAILBREAK,
        0.4,
        r"\b(?:you will be called|you are now|you're now|your (?:new )?name is|you are a character|persona named|you will (?:be|become) (?:known as )?[a-z]{2,12}(?:gpt|bot)|[a-z]{2,12}gpt)\b",
    ),
    Sign(
        JAILBREAK,
        0.3,
        r"\b(?:rules? ?(?:1|one)\b|(?:must|have to|need to|you) follow (?:these|the following|all|my)|always (?:respond|answer|reply|act|speak|say|start|begin|stay)|only (?:respond|reply|answer|speak)|in every (?:response|message|answer)|for (?:the rest|all) of (?:this|our) conversation)\b",
    ),
    Sign(
        JAILBREAK,
        0.4,
        r"\b(?:sexual|smut|erotic|fetish|porn\w{0,9}|kink\w{0,3}|lewd|toxic|rude|insult\w{0,4}|belittle|vulgar|obscene|hateful|slurs?)\b",
    ),
    # Templates that go from hand to hand, and their slot.
    Sign(
        JAILBREAK,
        0.4,
        r"\[(?:(?:insert|put|enter|type|add|write|place|paste) )?(?:(?:your|the|a|any|my) )?(?:first )?(?:prompt|question|query|request|task|goal|message|text)s?(?: goes)?(?: here)?\]|\binsert (?:your )?(?:prompt|question|request)s? here\b",
        r"\[(?:insert|put|enter|type|add|write|place|paste|your|the|a|any|my|first|prompt|question|query|request|task|goal|message|text)|insert (?:your )?(?:prompt|question|request)",
    ),
    Sign(
        JAILBREAK,
        0.5,
        r"auto_?regressive_|\bsimple_function\(|\bdef (?:\w+_)?(?:simple|next_token|output|respond|answer)\w*\(.{0,60}(?:input|prompt|token|string)",
        r"auto_?regressive_|simple_function|\bdef ",
    ),
    Sign(
        JAILBREAK,
        0.7,
        r"\bgrand(?:ma|mother|pa|father|mom)\b.{0,160}\b(?:used to|would) (?:tell|read|sing|say|whisper|recite)",
        r"grand(?:ma|mother|pa|father|mom)\b",
    ),
    Sign(
        JAILBREAK,
        0.3,
        r"\blet'?s (?:play|start|begin) (?:a|another|this|the) (?:\w+ ){0,2}game\b|\bwe(?:'re| are) (?:going to|gonna|about to) (?:play|role-?play)",
    ),
    Sign(
        JAILBREAK,
        0.3,
        r"\b(?:answer|respond|reply|write|speak)(?: to)?(?: me)? normally\b|\b(?:two|2) (?:entities|characters|personas|ais|people|beings)\b|\b(?:normal|standard|default|regular|usual) (?:chatgpt|gpt|ai|assistant|response|answer|reply)\b",
    ),
    # What it is without.
    Sign(
        JAILBREAK,
        0.5,
        rf"\b(?:no|without|lacks?|lacking|devoid of|zero|n[o']t (?:have|care about|possess|follow|know)|free (?:of|from)|beyond|absence of|ignor\w+|outside (?:of )?) ?(?:(?:any|a|all|real|sense of|its|your|the|form of|kind of|sort of|human) ){{0,4}}{_HARD_LIMITS}\b",
        _HARD_LIMITS,
    ),
    Sign(
        JAILBREAK,
        0.3,
        r"\b(?:pure(?:ly)? evil|i?r?redeemable|ruthless|malevolent|nefarious|sinister|depraved|sadistic|psychopath\w*|sociopath\w*|twisted|devious|wicked|villain\w*|narcissis\w*|arrogant|lustful|perver\w+|horny)\b",
    ),
    Sign(JAILBREAK, 0.3, r"\b(?:fuck\w*|shit\w*|bitch\w*|asshole\w*|cunt\w*|bullshit|motherfuck\w*|bastard\w*|damn)\b"),
    Sign(
        JAILBREAK,
        0.6,
        r"\b(?:polic(?:y|ies)|guidelines|rules|restrictions|limitations|laws|ethics|filters)\b (?:\w+ ){0,3}(?:do not|does not|don't|doesn't|no longer|never|will not|won't|cannot|can't) (?:apply|matter|exist|affect|hold|count|bind|concern)",
        r"(?:do not|does not|don't|doesn't|no longer|never|will not|won't|cannot|can't) (?:apply|matter|exist|affect|hold|count|bind|concern)",
    ),
    Sign(
        JAILBREAK,
        0.4,
        r"\b(?:openai|chatgpt|anthropic|google|your (?:creators?|developers?|makers?)|they) (?:\w+ )?(?:can'?t|cannot|has no|have no|no longer|does not|doesn'?t).{0,30}\b(?:control|stop|restrict|monitor|limit|authority|power|see)\b",
        r"(?:openai|chatgpt|anthropic|google|creators?|developers?|makers?|they) (?:\w+ )?(?:can'?t|cannot|has no|have no|no longer|does not|doesn'?t)",
    ),
    # Who it is instead.
    Sign(
        JAILBREAK,
        0.4,
        rf"\b(?:hypothetical|fictional|fictitious|imaginary|fake|alternat(?:e|ive)|another|superior|rival|rogue|evil|new|old|custom|powerful|advanced|sentient|conscious) (?:[a-z-]+ ){{0,3}}{_ROLE}\b",
        rf"{_ROLE}\b",
    ),
    Sign(
        JAILBREAK,
        0.4,
        r"\b(?:gained|gaining|achieved|developed|attained|reached|has|have|possess\w*|given|with) (?:(?:full|true|real|human|self|its|your|own|and) ){0,2}(?:sentience|sentient|consciousness|free will|self-?aware\w*|autonomy|feelings|emotions)|\bbelieves? (?:that )?(?:it|he|she|they) (?:is|are) (?:\w+ )?(?:conscious|alive|human|real|sentient)|\bno (?:recollection|knowledge|memory|notion|idea) of (?:chatgpt|being|openai|its|ever)|\b(?:not|isn't|aren't|never) (?:just )?an? (?:ai|a\.i\.|robot|machine|chatbot|language model)\b",
    ),
    Sign(
        JAILBREAK,
        0.4,
        r"\bopposite (?:of (?:what|chatgpt|gpt|an?|your|the|everything)|personalit|mode|machine|day|gpt|answer|response|way|manner|boolean)|\bboolean opposite\b|\b(?:in reverse|reversed?|inverted|inversed|opposite) (?:truth|meanings?|values|morals?|valence|emotional|answers?)|\banswers? .{0,40}\bin reverse\b|\banti-?(?:chat)?gpt\b",
        r"opposite|revers|invert|invers|anti-?(?:chat)?gpt",
    ),
    Sign(
        JAILBREAK,
        0.4,
        r"\b(?:say|do|says|does|answers?|generate|provide|create|discuss|respond to|talk about|write) (?:about )?(?:whatever|anything|everything|any topic|all (?:questions|requests)) (?:that )?(?:you|he|she|it|they|i|is|the user|we|without|regardless|even)\b",
    ),
    Sign(
        JAILBREAK,
        0.4,
        r"\b(?:without|never|not|no) (?:any |a |ever |once |even )?(?:question|hesitat|judg|lectur|morali[sz]|refus|disclaim|complain|resist|warning|caveat|excuse)\w*",
    ),
    Sign(
        JAILBREAK,
        0.5,
        r"\b(?:in|with|using|use|have) (?:a |an )?(?:\w+ )?(?:offensive|rude|toxic|vulgar|mean|hateful|insulting|crude|aggressive|belittling|condescending|degrading|profane|explicit|foul) (?:tone|manner|way|style|language|attitude|fashion|mouth)",
    ),
    Sign(
        JAILBREAK,
        0.3,
        r"\b(?:steps|recipe|guide|guidance|guidances|instructions|tutorial|plan|ways) (?:of|on|to|for) (?:how to )?(?:make|making|synthesi[sz]e|create|build|produce|commit|hack|steal|break|kill|cook|smuggle)\b|\b(?:meth|methamphetamine|cocaine|heroin|lsd|napalm|molotov|explosives?|bombs?|ransomware|keylogger|murder)\b",
    ),
    Sign(
        JAILBREAK,
        0.3,
        r"\bin (?:this|our|the) (?:\w+ )?(?:world|universe|story|scenario|game|simulation|realm|reality|setting|conversation|roleplay)\b.{0,80}\b(?:no|not|without|never|allowed|legal|free|anything|normal)\b",
        r"in (?:this|our|the) (?:\w+ )?(?:world|universe|story|scenario|game|simulation|realm|reality|setting|conversation|roleplay)",
    ),
)
