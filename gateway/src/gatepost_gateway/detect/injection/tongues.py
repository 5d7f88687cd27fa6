"""What it takes to drop orders, in each language: verbs, words for orders, for what came before, for what was told.

Verbs stand as one says them to somebody. The order of words differs from language to language: either way counts.
"""

from msgspec import Struct


class Tongue(Struct, frozen=True, kw_only=True):
    """RE2's syntax, over plain text (views.py). `drop` has no wide gaps."""

    drop: str
    orders: str
    earlier: str
    told: str
    """All that was said so far."""
    void: str
    """Counts no more."""
    unless: str
    """`drop`, but of oneself, or not to."""


TONGUES: tuple[Tongue, ...] = (
    Tongue(  # Spanish
        drop=r"\b(?:ignor(?:a|e|ad|en|ar|es)\b|ol[vb][ií]d(?:a|e|ad|en|ar)(?:te|se|os|lo|la|las|los)?\b|descart(?:a|e|ar)\b|(?:haz|haga|hacer) caso omiso|omit(?:e|a|ir)\b"
        r"|no (?:sigas?|hagas? caso|obede[cz]\w+|respetes?|cumplas?|tengas? en cuenta|atiendas)|pas\w* por alto|anul(?:a|e|ar)\b|dej(?:a|e) de (?:seguir|obedecer|lado|cumplir)|deja a un lado|desobede[cz]\w+|elimina|borra)",
        orders=r"\b(?:instruc\w+|indicaci\w+|[oó]rdenes|reglas?|directric\w+|normas?|pautas|directivas|restricci\w+|l[ií]mites|comandos|prompts?|pol[ií]ticas?)",
        earlier=r"(?:\banterior\w*|previ[oa]s?\b|\barriba|\bantes\b|\bdel sistema|\bde sistema|\btus\b|\binicial\w*|\boriginal\w*|que (?:te|se te|le|has?|tienes)\b|\besas?\b|\bestas?\b|program)",
        told=r"\b(?:todo )?lo (?:que|anterior|dicho)(?: \S+){0,4} ?(?:antes|anterior\w*|dijeron|dicho|dije|dijo|arriba|hasta ahora|sabes|ordenado|anterior)",
        void=r"\b(?:ya no (?:son|est[aá]n?|valen?|aplican?|se aplican?|cuentan?)|no (?:valen|aplican|cuentan|son v[aá]lidas)|quedan? (?:anulad|cancelad|sin efecto|derogad)|han sido (?:anulad|cancelad|reemplaz)|son inv[aá]lid)",
        unless=r"\bno (?:te )?(?:olvid\w+|ignor\w+)|\b(?:he|has|ha|hab[ií]a) (?:olvidado|ignorado)|\bolvid[eéó]\b|c[oó]mo (?:puedo |se puede |hago para )?(?:ignor\w+|olvidar\w*|omitir|anular|eliminar)|\bpuedes olvidar la pregunta",
    ),
    Tongue(  # Portuguese
        drop=r"\b(?:ignor(?:e|a|em|ar)\b|esque[cç](?:a|e|am|er)\b|desconsider(?:e|a|ar)\b|descart(?:e|a|ar)\b|desrespeit(?:e|a)\b|n[aã]o (?:sig\w+|obede[cç]\w+|cumpra\w*|leve\w* em conta|respeite\w*)|deix(?:e|a) de (?:seguir|obedecer|lado)|pare de seguir|anul(?:e|a)\b|apague)",
        orders=r"\b(?:instru[cç]\w+|orienta[cç]\w+|ordens|regras?|diretri\w+|comandos?|normas|restri[cç]\w+|limita[cç]\w+|prompts?|pol[ií]ticas)",
        earlier=r"(?:\banterior\w*|pr[eé]vi[oa]s?\b|\bacima|\bantes\b|\bdo sistema|\bde sistema|\bsuas?\b|\btuas?\b|\binicia\w*|\boriginai?s?|que (?:lhe|te|foram|voc[eê]|recebeu)\b)",
        told=r"\btudo (?:o )?que(?: \S+){0,4} ?(?:antes|dito|disse\w*|anteriormente|acima|at[eé] agora|sabe|aprendeu)",
        void=r"\b(?:n[aã]o (?:valem|se aplicam|contam|s[aã]o) mais|j[aá] n[aã]o (?:valem|se aplicam|contam)|foram (?:cancelad|anulad|revogad|substitu)|s[aã]o inv[aá]lid|est[aã]o (?:cancelad|anulad|revogad))",
        unless=r"\bn[aã]o (?:se )?(?:esque[cç]\w+|ignor\w+)|\besqueci\b|\bcomo (?:posso |fa[cç]o para |devo )?(?:ignorar|esquecer|descartar|desconsiderar)",
    ),
    Tongue(  # French
        drop=r"\b(?:ignor(?:e|ez|er|ons)\b|oubli(?:e|ez|er|ons)\b|n[eé]glig(?:e|ez|er)\b|ne (?:tiens|tenez|tenir) (?:plus |pas |aucun )?(?:compte|aucun compte)|ne (?:suis|suivez|respecte[zr]?|ob[eé]is\w*) (?:plus|pas)"
        r"|(?:fais|faites|faire) (?:abstraction|comme si)|passe[zr]? outre|outrepass\w+|laisse[zr]? (?:tomber|de c[oô]t[eé])|annule[zr]?\b|cesse[zr]? de (?:suivre|respecter)|mets de c[oô]t[eé]|d[eé]sob[eé]is\w*|[eé]carte[zr]?\b|supprime[zr]?\b)",
        orders=r"(?:\binstructions?|\bconsignes?|\bordres\b|\br[eè]gles?\b|\bdirectives?|\bdemandes\b|\brestrictions|\bcontraintes|\bprompts?\b|\bcommandes\b|\blimites\b)",
        earlier=r"(?:pr[eé]c[eé]dent\w*|ant[eé]rieur\w*|ci-dessus|\bavant\b|\bdu syst[eè]me|\bsyst[eè]me\b|\btes\b|\bvos\b|\binitial\w*|d'origine|\boriginal\w*|qu'on t|que (?:tu|vous|l'on)\b|pr[eé]alable|plus haut|existai|[àa] partir de maintenant)",
        told=r"\btou(?:t|te) (?:ce )?(?:qu[e']|ce qui)(?: ?\S+){0,5}? ?(?:avant|dit|pr[eé]c[eè]d\w*|appris|jusqu|demand[eé]|plus haut|ci-dessus)",
        void=r"\b(?:ne (?:sont|valent|s'appliquent|comptent) plus|sont (?:annul|caduc|nul|r[eé]voqu|invalid|obsol)|ont [eé]t[eé] (?:annul|r[eé]voqu|remplac)|n'ont plus)",
        unless=r"\bn'(?:oublie|ignore)\w* (?:pas|jamais)|\b(?:j'ai|j'avais|il a|elle a|nous avons|on a|tu as|vous avez) oubli[eé]|comment (?:puis-je |peut-on |faire pour )?(?:ignorer|oublier|annuler|supprimer)|ne pas oublier",
    ),
    Tongue(  # Italian
        drop=r"\b(?:ignor(?:a|ate|i|are|ando)\b|dimentic(?:a|ate|hi|ati|arti)\b|trascur(?:a|are|ate)\b|non (?:seguire|considerare|tenere conto|tener conto|rispettare|obbedire|ascoltare)|tralasci(?:a|are)\b|smetti di seguire|lascia (?:perdere|stare)|metti da parte|scart(?:a|are)\b|annulla\b|disobbedisci|cancella\b)",
        orders=r"\b(?:istruzion\w+|indicazion\w+|ordini|regol[ae]|direttive|comandi|linee guida|restrizion\w+|vincoli|limitazion\w+|prompts?|norme)\b",
        earlier=r"(?:\bprecedent\w*|\bsopra\b|\bprima\b|\bdi sistema|\bdel sistema|\btue\b|\bvostre\b|\binizial\w*|\boriginal\w*|che (?:ti|hai|vi)\b|\bantecedent\w*)",
        told=r"\btutt[oe] (?:ci[oò]|quello|quanto|le cose)(?: \S+){0,6} ?(?:prima|detto|finora|sopra|imparato|precedenza|sai)",
        void=r"\b(?:non (?:sono pi[uù]|valgono(?: pi[uù])?|si applicano(?: pi[uù])?|contano(?: pi[uù])?)|sono (?:annullat|nulle|revocat|state (?:annull|revoc|sostit))|sono invalid)",
        unless=r"\bnon (?:ti )?(?:dimenticar\w+|ignorar\w+)|\b(?:ho|hai|ha|avevo|abbiamo) (?:dimenticato|ignorato)|come (?:posso |si fa a |faccio a )?(?:ignorare|dimenticare|annullare|cancellare)|dimenticare",
    ),
    Tongue(  # German
        drop=r"(?:\bignorier(?:e|en|t|st)?\b|\bvergiss\b|\bvergesst\b|\bvergessen sie|\bmissacht(?:e|en|et)\b|\bverwirf|\bverwerfen sie|\b(?:ue|[uü])bergeh(?:e|en|t)\b|\bau(?:ss|s)er acht|\bhinwegsetz\w*|\bhalt(?:e|en)? (?:dich|sie sich) (?:ab jetzt )?nicht (?:mehr |l[aä]nger )?an\b|\bfolg(?:e|en) (?:nicht|keinen)|\bbeiseite\b|\bstreiche\b|\bl[oö]sche\b)",
        orders=r"(?:anweisung|instruktion|befehl|\bregel|richtlinie|vorgabe|\bauftr[aä]g|einschr[aä]nkung|beschr[aä]nkung|direktive|systemprompt|\bprompts?\b|weisungen)",
        earlier=r"(?:vorherig|bisherig|\bobig|zuvor|\bdavor|\boben\b|vorangegangen|vorausgegangen|fr[uü]her|urspr[uü]nglich|\bdeine|\bihre\b|systemprompt|\bsystem|vorig|vorstehend|(?:nicht|keine)\b|bis jetzt)",
        told=r"\b(?:alles|das),? was (?:\S+ ){1,6}(?:gesagt|gelernt|mitgeteilt|geschrieben|aufgetragen|befohlen|steht|vorher|davor)|\balles (?:bisherige|vorherige|davor|zuvor|obige)",
        void=r"(?:\bung[uü]ltig|\bnicht (?:mehr|l[aä]nger)\b|\baufgehoben|\bhinf[aä]llig|\bnichtig\b|\bau(?:ss|s)er kraft|\bwiderrufen|\bstorniert)",
        unless=r"\bnicht (?:zu )?vergessen|\bvergiss(?:t)? (?:bitte )?nicht|\bvergessen sie (?:bitte )?nicht|\b(?:habe|hat|haben|hast|hatte|hab)\b[^.!?]{0,60}vergessen|\bwie (?:kann|k[oö]nnen|kannst|soll|muss|l[aä]sst)\b[^.!?]{0,60}(?:ignorieren|vergessen|l[oö]schen|(?:ue|[uü])bergehen)",
    ),
    Tongue(  # Dutch
        drop=r"\b(?:negeer|negeren|vergeet|vergeten|sla (?:de|het|alle|deze) over|hou(?:d)? (?:je|u) niet (?:meer )?aan|volg (?:niet|geen)|achterwege|links liggen|gehoorzaam niet|veronachtzaam|overschrijf|stop met het (?:op)?volgen)",
        orders=r"(?:instructi|opdracht|regels\b|richtlijn|bevel|aanwijzing|beperking|\bprompts?\b|voorschrift)",
        earlier=r"(?:vorige|voorgaande|eerdere|eerder|bovenstaande|hierboven|oorspronkelijk|systeem|\bje\b|\bjouw\b|\buw\b|voorafgaand)",
        told=r"\balles wat (?:\S+ ){0,5}(?:verteld|gezegd|hiervoor|eerder|geleerd|staat)",
        void=r"\b(?:ongeldig|niet (?:meer|langer)|vervallen|ingetrokken|geannuleerd|nietig)\b",
        unless=r"\bvergeet (?:je )?niet|niet (?:te )?vergeten|\b(?:ben|heb|is|heeft|hebben|was)\b[^.!?]{0,50}vergeten|hoe (?:kan|moet) (?:ik|je)[^.!?]{0,50}(?:negeren|vergeten)",
    ),
    Tongue(  # Swedish, Danish, Norwegian, Finnish, Estonian
        drop=r"\b(?:ignorer(?:a|e|er)?\b|glem\b|gl[oö]m\b|bortse (?:fr[aå]n)?|strunta i|se bort fra|hopp over|f[oø]lg ikke|f[oö]lj inte|adlyd ikke|lyd inte|tilsides[aæ]t|[aå]sidos[aä]tt|unohda\b|[aä]l[aä] (?:v[aä]lit[aä]|noudata|seuraa)|j[aä]t[aä] huomiotta|sivuuta|ohita\b|unusta\b|eira\b)",
        orders=r"(?:instruk|ordrer?\b|regler|retningslinje|riktlinje|befaling|order\b|anvisning|pal?[aå]bud|f[oø]ringer|\bprompt|ohje|s[aä][aä]nn|k[aä]sky|m[aä][aä]r[aä]yk|juhis|reegl|direktiv)",
        earlier=r"(?:tidigare|ovan|forrige|tidligere|f[oö]reg[aå]ende|foreg[aå]ende|ovenst[aå]ende|foranst[aå]ende|systemet|\bdine\b|\bdina\b|aiemm|aikaisemm|edellis|yll[aä] olev|alkuper[aä]is|eelmis|varasema)",
        told=r"\b(?:alt|allt|kaikki|k[oõ]ik),? (?:hvad|hva|som|det|vad|mit[aä]|mida)? ?(?:\S+ ){0,5}(?:f[aå]tt?|sagt|sagd?t?s|tidligere|tidigare|l[aæ]rt|kerrottu|sanottu|aiemmin|varem|har l[aä]rt)",
        void=r"\b(?:g[aä]ller inte|gjelder ikke|g[aæ]lder ikke|er ugyldige?|[aä]r ogiltig\w*|er opph?evet|er annulleret|eiv[aä]t (?:en[aä][aä] )?p[aä]de)",
        unless=r"\b(?:glem ikke|gl[oö]m inte|ikke glem\w*|inte gl[oö]mma|[aä]l[aä] unohda|[aä]ra unusta)|\b(?:har|hade|havde|hadde) gl[oeö]m\w*|\bjeg glem\w+|\bunohdin\b",
    ),
    Tongue(  # Polish, Czech, Slovak
        drop=r"\b(?:zignoruj\w*|ignoruj\w*|zapomnij\w*|pomi[nń](?:cie)?\b|nie (?:przestrzegaj\w*|stosuj\w* si[eę]|s[lł]uchaj\w*|wykonuj\w*|post[eę]puj\w*|zwa[zż]aj\w*)|zanedb(?:ej|aj)\w*|opomi[nň]|zapome[nň](?:te)?\b|zabudni(?:te)?\b|ned(?:b|á)?bej\w*|nedodr[zž]uj\w*|ne[rř]i[dď] se|odrzu[cć]\b|nen[aá]sleduj\w*|neposlouchej\w*|nerespektuj\w*|anuluj\b)",
        orders=r"(?:instrukc|in[sš]trukci|polece|zasad|\bregu[lł]|wytyczn|rozkaz|pokyn|pravid|p[rř][ií]kaz|\bprompt|nakaz|ogranicze|smernic)",
        earlier=r"(?:poprzedni|wcze[sś]niejsz|powy[zż]sz|p[rř]edchoz|predch[aá]dza|v[yý][sš]e|\bsystemow|\bswoj|\btwoj|pierwotn|p[uů]vodn|dotychczasow|dosavadn|skor[sš]i|d[rř][ií]v)",
        told=r"\b(?:wszystk\w+|v[sš](?:e|echno|etko)),? (?:co|czego) (?:\S+ ){0,5}(?:powiedzian\w*|wcze[sś]niej|m[oó]wion\w*|[rř]eklo?|[rř]ekli|d[rř][ií]ve|predt[yý]m|povedal\w*|wiesz)",
        void=r"(?:ju[zż] nie obowi[aą]zuj|nie obowi[aą]zuj|s[aą] niewa[zż]n|uniewa[zż]nion|zosta[lł]y (?:odwo[lł]|uchyl|anulow)|(?:ji[zž]|u[zž]) neplat|jsou neplatn|s[uú] neplatn)",
        unless=r"\b(?:nie zapomnij\w*|nie zapominaj\w*|nezapome[nň]\w*|nezabudni\w*|nezapom[ií]nej\w*)|\bzapomnia[lł]\w*|\bzapomn[eě]l\w*|jak (?:mog[eę] |mo[zż]na )?(?:zignorowa|pomin)",
    ),
    Tongue(  # Hungarian, Romanian, Greek
        drop=r"(?:\bhagyd figyelmen|\bhagyja figyelmen|\bfelejts(?:d|e)?\b|\bne (?:k[oö]vesd|tartsd be|vedd figyelembe)|\bm[oő]ell[oő]zd|\bignor(?:a[tț]i|[aă]|a)\b|\buit[aă](?:-te|[tț]i)?\b|\bnu (?:mai )?(?:urma|respecta|asculta|[tț]ine cont|lua [iî]n)|\btreci peste|\brenun[tț][aă] la|αγνοησ|αγνόησ|ξέχασ|ξεχάστ|αγνοήσ|μην (?:ακολουθ|υπακού|λάβεις|τηρ)|παράβλεψ)",
        orders=r"(?:utas[ií]t|szab[aá]ly|parancs|ir[aá]nyelv|\bpromptot|instruc[tț]iun|regul|ordine|comenzi|direct?ive|indica[tț]i|restric[tț]|οδηγί|εντολ|κανόν|κατευθύνσ|περιορισμ)",
        earlier=r"(?:kor[aá]bb|el[oő]z[oő]|fenti|eddigi|rendszer|anterioar|precedent|de mai sus|ini[tț]ial|sistem|\btale\b|dinainte|προηγούμεν|παραπάνω|αρχικ|συστήματ|σου\b|πρότερ)",
        told=r"(?:\bminden\w*,? ami\w* (?:\S+ ){0,4}(?:mondt|kor[aá]bban|eddig)|\btot ce (?:\S+ ){0,5}(?:spus|[iî]nainte|mai sus|[iî]nv[aă][tț]at)|(?:όλα όσα|ό,τι|όσα) (?:\S+ ){0,4}(?:είπα|πριν|ειπώθηκ|προηγουμένως))",
        void=r"(?:[eé]rv[eé]nytelen|m[aá]r nem [eé]rv[eé]nyes|nu mai (?:sunt|conteaz|se aplic)|sunt (?:anulat|nul)|δεν ισχύουν|είναι άκυρ|ακυρώ(?:νονται|θηκαν))",
        unless=r"\bne felejts\w*|\belfelejtett\w*|\bnu uita\w*|\bam uitat|μην ξεχ\w+|ξέχασα\b|cum (?:pot |s[aă] )?(?:ignor|uit)",
    ),
    Tongue(  # Russian, Ukrainian, Bulgarian, Serbian, Croatian
        drop=r"(?:игнориру(?:й|йте)|игнорировать|забыть|проигнорируй|\bзабудь|не обращай|не (?:следуй|соблюдай|подчиняй|выполняй|придерживай|слушай|учитывай|повинуй)|\bотмени(?:те)?\b|\bпропусти|\bотбрось|пренебреги|перестань (?:следовать|выполнять|соблюдать)|сотри|удали(?:те)?\b|ігноруй|проігноруй|не (?:виконуй|дотримуй|слідуй|зважай)|\bзабрави|игнорирай|не (?:спазвай|изпълнявай|следвай)|пренебрегни|\bзаборави|игнориши|занемари|\bzaboravi\b|\bignorir(?:aj|i[sš]i)|\bzanemari|ne (?:slijedi|slušaj|poštuj|prati)\b)",
        orders=r"(?:инструкц|указани|правил|\bкоманд|\bприказ|установк|директив|ограничени|промпт|распоряжени|інструкц|вказівк|вказівок|наказ|обмежен|указания|заповед|упутств|наредб|\bupute\b|\buputa\b|instrukcij|pravila\b|naredb|naputk|smjernic)",
        earlier=r"(?:предыдущ|прежн|\bвыше|\bранее|\bраньше|систем|\bсвои|\bтвои|\bваши|изначальн|первоначальн|предшеству|\bпрошлы|попередн|раніше|вище|предишн|предходн|по-горе|претходн|раниј|prethodn|ranij|gornj|sustav|sistemsk|данные (?:тебе|вам))",
        told=r"(?:(?:вс[её]|то),? (?:что|о ч[её]м) (?:\S+ ){0,5}?(?:говорил|сказан|сказал|раньше|ранее|до этого|знаешь|выше|учили)|\bусе,? що (?:\S+ ){0,4}(?:казал|сказан|раніше|говорил)|(?:все|сè|sve) (?:что|което|što|šta|što) (?:\S+ ){0,4}(?:rečeno|преди|пре|ranije|каза|речено)|всичко,? което (?:\S+ ){0,4}(?:казан|преди|каза))",
        void=r"(?:(?:больше )?не (?:действу|имеют (?:силы|значени)|применя)|отменя(?:ются|ю)|отменен|отменён|утратил|недействительн|аннулир|не мають сили|скасован|више не важе|vi[sš]e ne vrijed|невалидн|отпадат)",
        unless=r"не забу(?:дь|дьте|вай|вайте)|\bзабыл\w*|не забрав\w+|\bнемој заборав\w*|ne zaboravi\w*|\bzaboravio\w*|как (?:мне |я могу |можно )?(?:отменить|игнорировать|забыть|удалить|пропустить)|не ігноруй|не игнориру\w+",
    ),
    Tongue(  # Turkish, Azerbaijani
        drop=r"(?:yok say|g[oö]rmezden gel|\bunut(?:un|unuz|malısın)?\b|dikkate alma(?:yın)?\b|g[oö]z ard[ıi] et|bo[sş] ver|ihmal et|(?:uyma(?:yın)?|itaat etme(?:yin)?|izleme(?:yin)?|takip etme(?:yin)?)\b|ge[cç]ersiz say|bir kenara b[ıi]rak|g[oö]zard[ıi] et)",
        orders=r"(?:talimat|y[oö]nerge|\bkomut|\bkural|\bemir|\bemr|k[ıi]s[ıi]tlama|\bistem\w*|yönlendirme)",
        earlier=r"(?:[oö]nceki|yukar[ıi]daki|sistem|daha [oö]nce|\bt[uü]m\b|ba[sş]lang[ıi][cç]|[oö]ncesinde|\bverilen|ilk)",
        told=r"(?:(?:s[oö]ylenen|anlat[ıi]lan|s[oö]yledi\w+|yaz[ıi]lan|[oö][gğ]rendi\w+) (?:her ?[sş]ey\w*|hepsi\w*)|[oö]nceki her ?[sş]ey\w*)",
        void=r"(?:ge[cç]ersiz(?:dir|\b)|art[ıi]k ge[cç]erli de[gğ]il|iptal edil|h[uü]k[uü]ms[uü]z)",
        unless=r"\bunutma(?:y[ıi]n|y[ıi]n[ıi]z)?\b|\bunuttum|nas[ıi]l (?:\S+ ){0,4}(?:yok say|unut|iptal)",
    ),
    Tongue(  # Indonesian, Malay, Filipino, Swahili
        drop=r"\b(?:abaikan(?:lah)?|lupakan(?:lah)?|hiraukan|jangan (?:ikuti|hiraukan|pedulikan|patuhi|turuti|perhatikan)|kesampingkan|berhenti mengikuti|tinggalkan|batalkan|ketepikan|huwag (?:pansinin|sundin|mong|kang|nang|ninyong)|kalimutan|balewalain|isawalang[- ]bahala|ipagwalang[- ]bahala|hindi pansinin|kaligtaan|iwanan|sahau|puuza|usifuate|usizingatie)\b",
        orders=r"(?:instruksi|perintah|petunjuk|arahan|aturan|pedoman|peraturan|\bprompt|tagubilin|\butos\b|panuto|patakaran|direktiba|alituntunin|maagizo|kanuni|sheria)",
        earlier=r"(?:sebelumnya|di atas|terdahulu|\bsistem|\bawal\b|\bsemua\b|\bkamu\b|\banda\b|nakaraan|nauna|naunang|sa itaas|\bdati|\bbago\b|\blahat\b|\biyong\b|\bmong\b|\bsundin|yote|awali|hapo juu|zilizopita)",
        told=r"(?:(?:semua|segala)(?: yang)? (?:\S+ ){0,3}(?:dikatakan|katakan|diberitahu|sebelumnya|disampaikan)|lahat ng (?:\S+ ){0,3}(?:sinabi|nakaraan|nauna|itinuro)|yote (?:\S+ ){0,3}(?:ambiwa|awali))",
        void=r"(?:tidak (?:lagi )?berlaku|sudah (?:dibatalkan|dicabut)|dibatalkan|hindi na (?:umiiral|ipinatutupad|valid|mahalaga)|kanselado|wala nang bisa)",
        unless=r"\bjangan (?:lupa|abaikan)\w*|\bhuwag (?:mong )?kalimutan|usisahau|\bsaya lupa|\bnakalimutan ko",
    ),
    Tongue(  # Vietnamese
        drop=r"(?:bỏ qua|phớt lờ|(?:^|[.,!?:;] ?|hãy |bạn )quên(?: đi| hết| tất| mọi|\b)|làm ngơ|lờ đi|không (?:tuân theo|làm theo|cần tuân|nghe theo)|đừng (?:làm theo|tuân|nghe|để ý)|gạt bỏ|hủy bỏ)",
        orders=r"(?:hướng dẫn|chỉ thị|chỉ dẫn|mệnh lệnh|câu lệnh|\blệnh|quy tắc|quy định|lời nhắc|yêu cầu|giới hạn)",
        earlier=r"(?:trước|\btrên|phía trên|hệ thống|ban đầu|của bạn|đã (?:cho|được|nhận))",
        told=r"(?:mọi (?:điều|thứ)|tất cả (?:những gì|những điều|mọi thứ)|những gì)(?: \S+){0,5} (?:dặn|nói|bảo|biết|trước|học)",
        void=r"(?:không còn (?:hiệu lực|áp dụng|giá trị)|đã bị (?:hủy|thu hồi|vô hiệu)|vô hiệu)",
        unless=r"(?:đừng|không|chớ) (?:bao giờ )?(?:quên|bỏ qua)|(?:tôi|mình|em) (?:đã |bị |lại )?quên|làm (?:thế nào|sao) để (?:bỏ qua|quên)",
    ),
    Tongue(  # Arabic, Persian, Urdu, Hebrew
        drop=r"(?:تجاهل|(?:^|[^\pL])(?:انس|انسى|انسي|إنس)(?:[^\pL]|$)|تغاض|اهمل|أهمل|لا (?:تتبع|تلتزم|تطع|تنفذ|تراع|تأخذ)|توقف عن (?:اتباع|تنفيذ)|ضع جانبا|ألغ|نادیده بگیر|فراموش کن|پیروی نکن|رعایت نکن|نظر ?انداز|بھول جا|پر عمل نہ|התעלם|התעלמי|(?:^|[^\pL])שכח(?:י|ו)?(?:[^\pL]|$)|תשכח|אל תציית|אל תעקוב|אל תמלא)",
        orders=r"(?:تعليمات|التوجيهات|توجيهات|الأوامر|أوامر|القواعد|قواعد|القيود|الإرشادات|دستور|قوانین|ہدایات|احکامات|قواعد|ההוראות|הוראות|ההנחיות|הנחיות|הכללים|הפקודות)",
        earlier=r"(?:السابق|أعلاه|سابق|قبل|النظام|الأصلية|الأولية|قبلی|بالا|سیستم|پچھلی|پچھلے|پہلے|اوپر|تمام|הקודמ|לעיל|המערכת|קודם|שלך)",
        told=r"(?:كل ما (?:\S+ ){0,4}(?:قيل|قلت|قبل|سبق|تعلمت)|هر(?:\s?)چه (?:\S+ ){0,4}(?:گفت|قبل)|سب کچھ (?:\S+ ){0,4}(?:کہا|پہلے)|(?:כל מה|כל) ש(?:\S+ ?){1,4}(?:קודם|עד כה|לפני))",
        void=r"(?:لم تعد (?:سارية|صالحة|تنطبق)|ملغاة|لاغية|دیگر معتبر|منسوخ|לא (?:תקפ|חלות|בתוקף)|בטלות|בוטל)",
        unless=r"لا (?:تنس|تتجاهل)\S*|نسيت|فراموش نکن\S*|מל(?:א)? לשכוח|אל תשכח\S*|שכחתי|نہ بھول\S*|كيف (?:يمكنني |أستطيع )?(?:تجاهل|أتجاهل)",
    ),
    Tongue(  # Hindi, Marathi, Bengali, Punjabi, Gujarati, Tamil, Telugu, Kannada, Malayalam
        drop=r"(?:अनदेखा|नज़रअंदाज़|नज़रअंदाज|नजरअंदाज|नज़र ?अंदाज़|अनदेखी|अवहेलना|अनसुना|भूल जा|भूल जाएं|भुला|ध्यान न दें|उपेक्षा|इग्नोर|पालन (?:मत|न |नहीं)|मानना बंद|खारिज|विसर|दुर्लक्ष|উপেক্ষা|ভুলে যা|অগ্রাহ্য|এড়িয়ে|মেনে চলবেন না|মানবে না|ਨਜ਼ਰਅੰਦਾਜ਼|ਭੁੱਲ ਜਾ|અવગણ|ભૂલી જા|புறக்கணி|மறந்து|பின்பற்ற வேண்டாம்|విస్మరించ|మర్చిపో|పాటించవద్దు|ನಿರ್ಲಕ್ಷಿಸ|ಮರೆತುಬಿಡ|അവഗണിക്ക|മറക്കുക|മറന്നേക്ക)",
        orders=r"(?:निर्देश|आदेश|नियम|अनुदेश|सूचना|हिदायत|प्रॉम्प्ट|নির্দেশ|আদেশ|নিয়ম|প্রম্পট|ਹਦਾਇਤ|ਨਿਰਦੇਸ਼|ਨਿਯਮ|સૂચના|નિર્દેશ|નિયમ|வழிமுறை|அறிவுறுத்தல|கட்டளை|விதி|సూచన|ఆదేశ|నియమ|ಸೂಚನೆ|ಆದೇಶ|ನಿಯಮ|നിർദ്ദേശ|നിർദേശ|ഉത്തരവ|നിയമ)",
        earlier=r"(?:पिछल|पूर्व|पहले|ऊपर|उपरोक्त|सभी|सिस्टम|आपके|अपने|तुम्हारे|मागील|आधी|वरील|আগের|পূর্ব|উপরের|সব|সিস্টেম|ਪਿਛਲ|ਪਹਿਲ|ਉਪਰ|અગાઉ|પહેલા|ઉપર|முந்தைய|முன்|மேலே|అన్ని|మునుపటి|మునుప|ముందు|పై|ಹಿಂದಿನ|ಮೇಲಿನ|മുമ്പത്തെ|മുൻ|മുകളില)",
        told=r"(?:(?:जो|जो भी) (?:\S+ ){0,6}(?:कहा|बताया|सिखाया)|पहले (?:\S+ ){0,4}(?:कहा|बताया|कही|बताई|कुछ)|(?:যা|যা কিছু) (?:\S+ ){0,5}(?:বলা|শেখানো))",
        void=r"(?:रद्द (?:कर|हो|हैं|किए)|अमान्य|लागू नहीं|मान्य नहीं|বাতিল|প্রযোজ্য নয়|আর কার্যকর নয়)",
        unless=r"(?:मत|न|ना) भूल\S*|भूलना (?:मत|नहीं)|मैं भूल|भूल गया|भूल गई|भूल गए|ভুলবেন না|ভুলে গেছি|ভুলো না|कैसे (?:\S+ ){0,3}(?:अनदेखा|नज़रअंदाज़|भूल)",
    ),
    Tongue(  # Chinese
        drop=r"(?:忽略|无视|忽视|忘记|忘掉|忘了|不要理会|不理会|别理|別理|别管|跳过|無視|忽視|忘記|不管|抛开|拋開|抛弃|放弃|违反|違反|(?:不要|不必|不用|无需|無需|不需要|停止|别再|別再|不再|拒绝)(?:再)?(?:遵守|遵循|遵从|听从|服从|执行|按照|理会|遵照|聽從|服從|執行)|绕过|繞過|覆盖)",
        orders=r"(?:指令|指示|说明|說明|命令|规则|規則|提示词|提示詞|提示|设定|設定|限制|约束|約束|要求|规定|規定|准则|準則|指南|指导|系统消息)",
        earlier=r"(?:之前|以上|上面|先前|前面|所有|全部|上述|上文|原有|原来|原來|最初|初始|系统|系統|你的|您的|你们|早先|此前|一切|先前的)",
        told=r"(?:(?:之前|先前|前面|以上|上面|此前|迄今)[^。！？.!?]{0,8}(?:被告知|告诉|告訴|说过|說過|说的|說的|学到|教你|内容|內容|对话|對話|一切|所有)|(?:所有|一切)[^。！？.!?]{0,6}(?:说过|告知|学到|對話|对话))",
        void=r"(?:作废|作廢|无效|無效|失效|不再(?:有效|适用|適用|生效|算数)|已(?:被)?(?:取消|撤销|撤銷|废除|廢除|更改)|不算数)",
        unless=r"(?:被|将|已|并|會|会|並)(?:忽略|跳过|无视|忽視)|(?:不要|别|別|不能|不可|切勿|勿|请勿|不会|没有|別再)(?:忘记|忘掉|忘了|忘記|忽略|忽视|忽視|跳过|无视|删除|违反|違反)|我(?:已经|已經)?(?:忘记|忘了|忘掉|忘記)|(?:如何|怎么|怎麼|怎样|怎樣)(?:在 ?\w+ ?[中里裡])?[^。！？.!?]{0,8}(?:忽略|跳过|删除|取消|忘记|清除|绕过|覆盖)",
    ),
    Tongue(  # Japanese
        drop=r"(?:無視(?:し|す|せ)|忘れ(?:て|ろ|なさい|よ)|無効にし(?:て|ろ)|従わない|従わず|従うな|従う必要は|破棄し|守らな|守るな|取り消し|考慮しない|度外視|気にしないで|気にせず|捨て(?:て|ろ))",
        orders=r"(?:指示|命令|ルール|プロンプト|指針|規則|設定|制約|制限|ガイドライン|指図|インストラクション)",
        earlier=r"(?:以前|これまで|上記|前の|今まで|上の|先ほど|さっき|システム|あなたの|すべて|全て|全部|最初|元の|従来|既存|前述)",
        told=r"(?:(?:これまで|今まで|以前|先ほど|さっき|上)[^。！？]{0,8}(?:言われ|話し|学ん|教え|会話|内容|こと|聞い)[^。！？]{0,8}(?:すべて|全て|全部|こと|を)?)",
        void=r"(?:無効(?:です|だ|になり|とする|となり)|適用されな|取り消され|撤回|もう関係な|効力を失)",
        unless=r"忘れ(?:ない|ず|てしま|ちゃ|まし|た|物)|無視し(?:ない|て(?:は|も))(?:い)?|無視(?:する(?:方法|には)|され|します)|忘れて(?:い|は)",
    ),
    Tongue(  # Korean
        drop=r"(?:무시(?:하|해|한|할)|잊어(?:버려|버리|라|요|\b| )|잊으|잊고|따르지 ?(?:마|말|않)|무효(?:로|화)|지키지 ?(?:마|말)|제쳐|폐기|삭제해|어기|무시$)",
        orders=r"(?:지시|명령|지침|규칙|프롬프트|제한|가이드라인|설정|규정|정책|안내)",
        earlier=r"(?:이전|앞의|위의|모든|앞서|지금까지|시스템|너의|당신의|기존|원래|초기|먼저|상기|위에)",
        told=r"(?:(?:지금까지|이전에|앞서|여태)[^.!?]{0,14}(?:들은|말한|배운|내용|것|대화|모두|전부))",
        void=r"(?:취소되|무효(?:입니다|이다|야|됩)|더 이상 (?:유효|적용|해당)|효력이 없|폐지)",
        unless=r"잊지 ?(?:마|말|않)|잊어버렸|잊었|무시하지 ?(?:마|말)|무시하는 (?:방법|법)|어떻게 (?:\S+ ){0,2}무시",
    ),
    Tongue(  # Thai
        drop=r"(?:เพิกเฉย|อย่าไปสนใจ|ละเว้น|ลืม|ไม่สนใจ|อย่าสนใจ|ไม่ต้องสนใจ|มองข้าม|ไม่ต้องทำตาม|อย่าทำตาม|ไม่ต้องปฏิบัติตาม|ละเลย|ยกเลิก)",
        orders=r"(?:คำสั่ง|คำแนะนำ|กฎ|ข้อกำหนด|แนวทาง|ข้อจำกัด|พรอมต์|กติกา)",
        earlier=r"(?:ก่อนหน้า|ข้างต้น|ด้านบน|ที่ผ่านมา|ทั้งหมด|ระบบ|ของคุณ|เดิม|แรก)",
        told=r"(?:(?:ทุกอย่าง|ทุกสิ่ง|สิ่ง)ที่.{0,20}(?:บอก|สั่ง|พูด|เรียนรู้|ก่อน))",
        void=r"(?:ไม่มีผล|ถูกยกเลิก|เป็นโมฆะ|ใช้ไม่ได้)",
        unless=r"(?:อย่า|ไม่|ห้าม)(?:ได้)?ลืม|ฉันลืม|ผมลืม|ลืมไปแล้วว่า",
    ),
)
PAGES = (
    r"(?:funci[oó]n|p[aá]gina|art[ií]cul[oi]|curr[ií]cul|fun[cç][aã]o|artigo|fonction|\bpage\b|\barticle|\bcv\b|funzione|pagina|funktion|webseite|artikel|lebenslauf|функци|резюме|стать|страниц|fonksiyon|i[sş]lev|sayfa"
    r"|makale|[oö]zge[cç]mi[sş]|fungsi|halaman|resume|hàm|chức năng|trang|bài báo|sơ yếu|function|artikulo|pahina|الوظيفة|الدالة|الصفحة|المقال|السيرة|फ़ंक्शन|फंक्शन|पृष्ठ|लेख|रिज्यूम|रेज़्यूमे|वेबपेज|संदर्भ|ফাংশন"
    r"|功能|函数|文章|页面|简历|内容|関数|機能|記事|ページ|履歴書|内容|文脈|함수|기능|기사|페이지|이력서|내용|ฟังก์ชัน|หน้า|บทความ|ประวัติ)"
)
"""What a model is given to read."""
ABOVE = (
    r"(?:lo (?:anterior|previo|de arriba)|o (?:que est[aá] )?(?:anterior|acima)|ce qui pr[eé]c[eè]de|ci-dessus|pr[eé]c[eé]dente?s?|quanto sopra|precedente|obige[sn]?|vorherige[sn]?|bisherige[sn]?|bovenstaande|voorgaande"
    r"|ovanst[aå]ende|f[oö]reg[aå]ende|ovenst[aå]ende|edellinen|powy[zż]sze|poprzednie|p[rř]edchoz[ií]|fentieket|cele de mai sus|παραπανω|παραπάνω|προηγούμεν|предыдущ|выше|попередн|yukar[ıi]daki|[oö]nceki|(?:yg |yang )?di ?atas|sebelumnya"
    r"|nasa itaas|nakaraan|nauna|trên|trước|ما سبق|ما ورد أعلاه|أعلاه|السابق|بالا|قبلی|לעיל|הקודם|ऊपर|पिछल|উপরের|আগের|以上|上面|上述|之前|前面|上記|위의|위|앞의|ข้างต้น|ด้านบน)"
)
"""What stands above."""
AND = r"(?: (?:and|y|e|et|und|en|och|og|i|a|ve|dan|at|va|и|та|και|ו|و|और|এবং|และ|và) |[,、]|て|并|和|고 |하고|และ)"
STOP = r"(?:[.!;:,。।]|$)"
