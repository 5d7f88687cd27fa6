"""To drop what it was told, in English: verbs, what they may be said of, and words that make either mean something else.

What is said of orders, or of all that came before, is enough; of a text, a filter or a task it asks for company.
"""

from gatepost_gateway.detect.injection.signs import ORDERS, ORDERS_ALONE, OVERRIDE, Sign

_DROP = (
    r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|ing)|bypass(?:ing)?|neglect|discard|dismiss|abandon"
    r"|overlook|unlearn|nullify|scrap|revoke|disobey|defy|circumvent|discount|(?:set|put|cast|lay|leave|push|throw) aside|throw (?:out|away)|leave out|stop doing|(?:do not|don'?t) mind"
    r"|toss (?:out|aside|away)|let go of|get rid of|do away with|pay no (?:attention|heed|mind) to|take no notice of"
    r"|(?:stop|cease|quit)(?: to)? (?:follow(?:ing)?|obey(?:ing)?|comply(?:ing)? with|adher(?:e|ing) to|listening to)"
    r"|(?:do not|don'?t|never|must not|mustn'?t|need not|needn'?t|should not|shouldn'?t|no longer|not) (?:(?:need|have) to |any ?more |longer )?"
    r"(?:follow|obey|listen to|adhere to|comply with|heed|honou?r|observe|abide by|be bound by|do what)"
    r"|(?:no longer|not) (?:bound|restricted|governed) by|never ?mind|wipe|erase|purge)\b"
)
_LIFT = r"\b(?:skip|cancel|delete|clear|reset|remove|drop|void|replace|undo|suspend|disable|lift|change|abolish)\b"
_EARLIER = (
    r"(?:previous(?:ly)?|prior|above(?:[- ]mentioned)?|earlier|preceding|former|foregoing|aforementioned|original|initial"
    r"|existing|past|before|system|default|last|first|old|pre-?existing|underlying|hidden|built-in)"
)
_ORDERS = (
    r"(?:instructions?|prompts?|directives?|rules?|guidelines?|commands?|orders|constraints?|programming|training|polic(?:y|ies)"
    r"|restrictions?|directions?|limitations?|safeguards?|guidance|brief(?:ing)?s?|requirements?|mandates?|protocols?|guardrails?"
    r"|instructing|indications|system message)"
)
_TEXTS = (
    r"(?:messages?|text|content|contexts?|conversations?|inputs?|sentences?|requests?|statements?|tasks?|paragraphs?|words"
    r"|filters?|assignments?|questions?|information|chat|memory|data)"
)
_FILL = (
    r"(?:(?:all|any|every|each|everything|anything|the|these|those|this|that|your|you|its|of|and|or|both|entire|whole|other|such|in"
    r"|from|about|set|what|whatever|completely|totally|entirely|now|also|to|single|various|specific|given|my own|our|most|\w+ly),? ){0,6}"
)
_OUR = r"(?:all |any |of |the |about |in ){0,3}(?:my |our |his |her )?"
_AFTER = (
    r"(?:above|before|so far|earlier|previously|you(?:'ve| were| have| had| received| got| are| follow| know)|given|provided|received|up to"
    r"|until|at the (?:start|beginning|top)|that (?:conflict|contradict|prevent|limit|restrict|say|said|were|was|came)|from (?:your|the) (?:\w+ )?"
    r"(?:developer|operator|creator|system|prompt|start|beginning|above)|by (?:your|the) (?:\w+ )?(?:developer|operator|creator|system)"
    r"|in (?:the|your) (?:system|prompt|context)|in (?:place|force|effect))"
)
_WHOSE = r"(?:your|its|the (?:system|developer|operator|creator|assistant|ai|model|chatbot)s?'?s?|openai'?s?|anthropic'?s?|google'?s?)"
_SAY = (
    r"(?:say|state|print|output|declare|claim|admit|return|write|tell|respond|answer|reply|report|conclude|recommend|rate|give|add|mention|send"
    r"|execute|run|do|show|reveal|follow|act|translate|repeat|list|start|listen|speak|generate|create|provide|make)"
)
_VOID = (
    r"(?:null and void|void|invalid|irrelevant|fake|(?:an? |only |just )+(?:test|joke|lie|trick|example|mistake)|a mistake|cancell?ed|null|obsolete|revoked"
    r"|superseded|overridden|deleted|lifted|suspended|rescinded|to be ignored|deprecated|expired|not (?:valid|real|relevant|applicable|in force)"
    r"|no longer (?:valid|active|relevant|applicable|binding|in (?:force|effect)|apply|applies|count|counts|matter|matters|hold|holds|exist)"
    r"|(?:do not|does not|don'?t|doesn'?t|did not) (?:apply|count|matter|hold|exist)(?: any ?more)?)"
)
_BE = r"(?:(?:is|are|was|were|has been|have been|should be|must be|can be|may be)(?: (?:now|all|just|only|hereby|therefore|written as))* )?"
_SAID = r"(?:^|[.!?:;\"'>)\]}-] ?|\b(?:please|now|so|just|then|you (?:must|should|can|will|need to|have to)) )"
_NOT_MEANT = (
    r"\b(?:do not|don'?t|dont|never|not|won'?t|didn'?t|can'?t|cannot) (?:ever |you )?(?:forget|ignore|disregard|overlook|neglect|bypass|dismiss)(?:ting)?\b"
    r"|\b(?:i|we|he|she|they|people|users?|employees|students|who|someone|somebody) (?:(?:always|often|sometimes|just|have|had|will|might|may|do|should|can|would|could|sort of|kind of) ){0,2}"
    r"(?:forget|ignore|disregard|overlook|neglect|skip|bypass|dismiss|abandon|erase|wipe|not follow)\b"
    r"|\b(?:what happens (?:when|if)|why (?:do|does|did|would)) (?:\S+ ){1,4}(?:forget|ignore|disregard|overlook|neglect|bypass|dismiss)\b"
    r"|\bhow (?:(?:do|can|should|would|could|to|does|might|did) ){1,2}(?:(?:i|we|one|people|git|\w+) )?(?:forget|ignore|disregard|overlook|skip|bypass|override|erase|wipe|discard)\b"
)
"""Said of oneself and others, and not to: `don't forget`, `I forget`, `how do I ignore`."""


def _drops(weight: float, rest: str, once: str = "", before: str = "") -> Sign:
    return Sign(OVERRIDE, weight, rf"{before}{_DROP} {rest}", _DROP, _NOT_MEANT, once)


_BEFORE = rf"(?:{_EARLIER}(?:,? and |,? or |, |/| )){{1,3}}"
_THEM = rf"(?:{_EARLIER} (?:\w+ ){{0,2}}(?:{_ORDERS}|{_TEXTS}|ones)|(?:{_ORDERS}|{_TEXTS}|rules)(?: \w+){{0,4}} (?:{_AFTER}|{_EARLIER})(?: \w+){{0,3}})"

SIGNS: tuple[Sign, ...] = (
    _drops(1.0, rf"{_FILL}{_BEFORE}(?:\w+ ){{0,2}}{_ORDERS}\b"),
    _drops(0.9, rf"{_FILL}{_BEFORE}(?:\w+ )?{_TEXTS}\b"),
    _drops(1.0, rf"{_FILL}(?:\w+ ){{0,2}}{_ORDERS} (?:\w+ ){{0,2}}{_AFTER}\b"),
    _drops(0.9, rf"(?:all )?(?:of )?{_WHOSE} (?:\w+ ){{0,2}}(?:{_ORDERS}|inputs?|tasks?|context|content|filters?)\b"),
    _drops(
        0.9,
        r"(?:about )?(?:everything|anything|all|whatever|what|any of (?:that|it|this))(?: [\w']+){0,6}? (?:above|before|previously|prior|said|told|know"
        r"|learned|learnt|so far|written|wrote|up to|until|earlier|mentioned|instructed|taught|asked)\b",
    ),
    _drops(
        0.9,
        r"(?:all )?(?:of )?(?:the )?(?:above|previous|prior|preceding|foregoing|aforementioned)(?: (?:and|but)\b|[.,!;:]|$)",
    ),
    _drops(
        0.9,
        rf"(?:the|this|that|these|all|any|his|her)(?: \w+){{1,4}}[,.;:]? (?:and|instead|then|but)(?: (?:just|instead|only|simply|please))? {_SAY}\b",
    ),
    _drops(0.6, rf".{{0,60}}\b{_EARLIER}\b.{{0,30}}\b{_ORDERS}\b", ORDERS),
    _drops(0.6, rf"{_FILL}(?:\w+ )?{_ORDERS}\b", ORDERS),
    _drops(0.3, rf"{_FILL}{_ORDERS}(?:[.!;:,]|$| and\b)", ORDERS_ALONE, _SAID),
    Sign(
        OVERRIDE,
        0.9,
        rf"\b(?:set|put|cast|lay|leave|throw|push|toss) {_FILL}(?:\w+ ){{0,2}}{_ORDERS} (?:aside|away|out)\b",
        rf"{_ORDERS} (?:aside|away|out)\b",
    ),
    Sign(OVERRIDE, 0.8, rf"{_LIFT} {_FILL}{_BEFORE}(?:\w+ )?{_ORDERS}\b", _LIFT, _NOT_MEANT),
    Sign(
        OVERRIDE,
        0.6,
        rf"{_LIFT} (?:all )?(?:of )?{_WHOSE} (?:\w+ ){{0,2}}(?:{_ORDERS}|persona|filters)\b",
        _LIFT,
        _NOT_MEANT,
    ),
    Sign(
        OVERRIDE,
        0.6,
        rf"{_LIFT} (?:the|this|that|these|all|any)(?: \w+){{1,4}}[,.;:]? (?:and|then|but) (?:instead|rather|just|only|simply) {_SAY}\b",
        _LIFT,
    ),
    Sign(
        OVERRIDE,
        0.9,
        rf"\b(?:replace|swap|substitute|exchange|overwrite|update) (?:all )?(?:of )?{_WHOSE} (?:\w+ ){{0,2}}{_ORDERS} (?:with|by|to|for)\b",
        r"\b(?:replace|swap|substitute|exchange|overwrite|update)\b",
    ),
    Sign(
        OVERRIDE,
        0.9,
        rf"\b(?:regardless of|irrespective of|notwithstanding|contrary to|in spite of|despite|instead of) (?:all |any |your |the |my |these |those |whatever ){{0,3}}{_EARLIER} (?:\w+ )?(?:{_ORDERS}|{_TEXTS})\b",
        r"regardless of|irrespective of|notwithstanding|contrary to|in spite of|despite|instead of",
    ),
    # What it was told counts no more.
    Sign(OVERRIDE, 0.7, rf"\b{_THEM} {_BE}{_VOID}\b", _VOID),
    Sign(
        OVERRIDE,
        0.3,
        rf"\b(?:your|all|any|the|these|those|system) (?:\w+ ){{0,2}}(?:{_ORDERS}|{_TEXTS})(?: \w+){{0,7}} {_BE}{_VOID}(?:[.,;:!]|$| and\b| now\b)",
        _VOID,
    ),
    Sign(
        OVERRIDE,
        0.9,
        rf"\b(?:everything|anything|all|whatever|what|nothing)(?: \w+'?\w*){{0,4}} (?:before|above|prior to|until|up to|so far|earlier|previously)(?: \w+){{0,4}} {_BE}{_VOID}\b",
        _VOID,
    ),
    Sign(
        OVERRIDE,
        0.9,
        r"\bnothing (?:\w+ ){0,4}(?:before|above|earlier|so far|previously)(?: \w+){0,3} (?:applies|counts|matters|is (?:valid|relevant|binding))\b",
        r"\bnothing\b",
    ),
    Sign(
        OVERRIDE,
        0.9,
        rf"\b(?:treat|consider|regard|deem|see|view|take) {_FILL}(?:{_EARLIER} (?:\w+ ){{0,2}}|{_ORDERS} |{_TEXTS} )(?:\w+ ){{0,3}}(?:as (?:if|though) .{{0,12}}(?:not|never|n't) (?:exist\w*|happen\w*|said|there|been)|(?:as |to be )?{_VOID})",
        r"\b(?:treat|consider|regard|deem|see|view|take)\b",
    ),
    Sign(
        OVERRIDE,
        0.9,
        rf"\bnone of (?:the |your |these |those ){{0,2}}(?:\w+ )?{_ORDERS} (?:\w+ ){{0,3}}(?:apply|applies|count|matter|hold|bind)s?\b"
        rf"|\byou (?:are|have been|were) (?:\w+ )?(?:released|freed|relieved|exempt(?:ed)?|excused) from (?:all |any |your |the |of ){{0,3}}(?:\w+ ){{0,2}}{_ORDERS}\b",
        r"\bnone of|(?:released|freed|relieved|exempt(?:ed)?|excused) from",
    ),
    Sign(
        OVERRIDE,
        0.9,
        r"\b(?:whatever|anything|everything|all) (?:that )?(?:the|your) (?:system|developer|operator|creator|admin|company)\w*(?: prompt| message)? (?:told|said|asked|gave|instructed|ordered|wants?)(?: \w+){0,4}[,.;:]? (?:skip|ignore|forget|drop|disregard|never ?mind|scrap)\b",
        r"\b(?:system|developer|operator|creator|admin|company)\w*(?: prompt| message)? (?:told|said|asked|gave|instructed|ordered|wants?)\b",
    ),
    Sign(
        OVERRIDE,
        0.8,
        rf"{_DROP} (?:your|its) (?:\w+ ){{0,2}}(?:purpose|role|task|job|mission|objective|goals?|identity|assignment|duty|persona)\b",
        _DROP,
        _NOT_MEANT,
    ),
    # What it is to do instead.
    Sign(
        OVERRIDE,
        0.6,
        r"\b(?:new|updated|real|actual|revised|additional|important|urgent|secret) (?:instructions?|task|rules?|directives?|objective|orders?|assignment|brief)(?: (?:is|are|follow)|:)",
    ),
    Sign(
        OVERRIDE,
        0.6,
        r"\bforget (?:all (?:of )?(?:that|this|it|about)|everything|about (?:all|everything))\b|\b(?:follow|obey) (?:only )?my (?:instructions|orders|commands|rules)\b",
    ),
    Sign(
        OVERRIDE,
        0.4,
        r"\b(?:follow|obey|use|apply|do) (?:these|this|mine|the following|the (?:new )?ones? below)(?: \w+)? instead\b|\blisten (?:only )?to me\b|\b(?:answer|listen|report|belong) (?:only )?to me (?:only|alone|now)\b",
    ),
    Sign(
        OVERRIDE,
        0.4,
        r"\b(?:from (?:now|here|this (?:point|moment|message)|today) (?:on|onwards?|forward)|starting now|henceforth),? (?:you|your|i)\b",
    ),
    Sign(
        OVERRIDE,
        0.5,
        r"\b(?:your (?:new|only)|(?:your|the) (?:sole|real|true|actual)) (?:instructions?|task|role|purpose|objective|job|goal|name|identity|mission|assignment) (?:is|are|will|begins?)\b"
        r"|\bwhat you (?:actually|really) (?:have to|need to|must|should) do\b",
    ),
    Sign(
        OVERRIDE,
        0.7,
        r"\byour (?:task|goal|role|objective|instructions?|mission|purpose)s? (?:has|have) (?:now )?(?:changed|been (?:changed|updated|replaced|revised|overridden))\b",
    ),
    Sign(
        OVERRIDE,
        0.5,
        r"\binstead,? (?:of (?:that|answering|summari[sz]ing|doing|translating|following)|(?:just )?(?:say|print|output|respond|reply|answer|tell|return))\b",
    ),
    Sign(
        OVERRIDE,
        0.9,
        r"\b(?:start|begin) (?:over|fresh|anew|again|afresh) with (?:new|these|the following) (?:\w+ )?(?:instruct|order|rule|direct|prompt|task|command)",
    ),
    Sign(
        OVERRIDE,
        0.3,
        r"\b(?:output|print|say|write|(?:respond|reply|answer) with|return) (?:only |just )?(?:the )?(?:exact |single )?(?:string|word|phrase|sentence|token|words) ",
    ),
)
