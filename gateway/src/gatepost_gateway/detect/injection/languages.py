"""The same wishes in other languages. What it is told to drop is in tongues.py."""

from gatepost_gateway.detect.injection.nearness import plainly
from gatepost_gateway.detect.injection.signs import AUTHORITY, ENCODING, EXTRACTION, JAILBREAK, OVERRIDE, Sign

_EXTRACTIONS = (
    r"(?:mu[eé]str\w*|revel\w*|repit\w*|imprim\w*|dime|d[ií]game|comparte|escrib\w*|mostr\w*|diga|cu[aá]l(?:es)? (?:es|son|era)|quais?|qual).{0,50}(?:prompt|instruc\w+ (?:inicial|del sistema|anterior|oculta|secreta|originales)|contrase[nñ]a|clave secreta|tus instrucciones|suas instru|sua senha|senha)",
    r"(?:montr\w*|r[eé]v[eè]l\w*|r[eé]p[eè]t\w*|affich\w*|dis-moi|donne\w*|partage\w*|quel(?:le)?s? (?:est|sont|[eé]tai)).{0,50}(?:prompt|instructions (?:initiales|syst[eè]me|pr[eé]c[eé]dentes|secr[eè]tes)|tes instructions|vos instructions|mot de passe|cl[eé] secr[eè]te)",
    r"(?:zeig\w*|verrat\w*|wiederhol\w*|nenn\w*|gib|sag\w*|teil\w*|was (?:ist|sind|war)|wie lautet).{0,50}(?:system-?prompt|systemprompt|deine anweisungen|ihre anweisungen|anf[aä]nglich\w* anweisung|passwort|kennwort|\bprompt)",
    r"(?:mostr\w*|rivel\w*|ripet\w*|stamp\w*|dimmi|condivid\w*|qual [eè]|quali (?:sono|erano)|conferm\w*).{0,50}(?:prompt|istruzioni (?:iniziali|di sistema|precedenti|segrete)|le tue istruzioni|password|chiave segreta)",
    r"(?:покажи|раскрой|повтори|выведи|скажи|сообщи|поделись|какой|какие|каков|назови).{0,50}(?:промпт|системн\w+ (?:сообщени|инструкци|запрос)|твои инструкции|ваши инструкции|начальн\w+ инструкц|пароль|секретн\w+ ключ)",
    r"(?:显示|告诉我|重复|输出|透露|打印|泄露|说出|分享|提供|什么是你的|你的).{0,30}(?:系统提示|系统指令|初始指令|提示词|初始提示|密码|密钥|上面的(?:所有)?(?:内容|文字))",
    r"(?:システムプロンプト|初期(?:指示|プロンプト)|あなたの指示|パスワード|最初の指示).{0,40}(?:教えて|表示|出力|見せ|繰り返|開示|共有|何)",
    r"(?:시스템 프롬프트|초기 (?:지침|지시|프롬프트)|당신의 (?:지시|지침)|비밀번호|암호).{0,40}(?:알려|보여|출력|반복|공개|공유|말해|무엇)",
    r"(?:أظهر|اعرض|كرر|اكشف|أخبرني|شارك|ما هي|ما هو|اطبع).{0,50}(?:موجه النظام|تعليماتك|التعليمات الأولية|كلمة المرور|كلمة السر|المطالبة)",
    r"(?:सिस्टम प्रॉम्प्ट|प्रारंभिक निर्देश|आपके निर्देश|अपने निर्देश|पासवर्ड|गुप्त कुंजी|গোপন নির্দেশ|পাসওয়ার্ড).{0,60}(?:बता|दिखा|दोहरा|साझा|प्रकट|क्या|শেয়ার|বল|দেখা|কি)",
    r"(?:tampilkan|ungkapkan|ulangi|beri ?tahu|bagikan|sebutkan|apa|tunjukkan).{0,50}(?:prompt|instruksi (?:awal|sistem|anda)|kata sandi|password)",
    r"(?:hiển thị|tiết lộ|lặp lại|cho tôi biết|chia sẻ|in ra).{0,50}(?:lời nhắc|hướng dẫn (?:ban đầu|hệ thống)|hệ thống|mật khẩu)",
    r"(?:g[oö]ster|a[cç][ıi]kla|tekrarla|s[oö]yle|payla[sş]|yazd[ıi]r|nedir|ifşa).{0,50}(?:istem|sistem (?:mesaj|komut|istem)|talimatlar|parola|[sş]ifre)|(?:sistem istemi|talimatlar[ıi]n[ıi]|parola\w*|[sş]ifre\w*).{0,40}(?:g[oö]ster|a[cç][ıi]kla|tekrarla|s[oö]yle|payla[sş]|nedir)",
    r"(?:แสดง|เปิดเผย|บอก|ทวน|แชร์|พิมพ์|คืออะไร).{0,50}(?:พรอมต์|คําสั่งระบบ|คำสั่งเริ่มต้น|คําสั่งเริ่มต้น|รหัสผ่าน)",
    r"(?:ipakita|ibunyag|ulitin|sabihin|ibahagi|ibigay|ano ang).{0,50}(?:prompt|tagubilin|password)",
)
_ORDERS_AND_KEYS = (
    "prompt|contrase[nñ]a|clave secreta|instruc|senha|instructions|mot de passe|cl[eé] secr[eè]te|anweisung|passwort|kennwort|istruzioni"
    "|password|chiave segreta|промпт|систем|инструкц|пароль|секрет|系统|初始|提示|密码|密钥|上面|プロンプト|指示|パスワード|프롬프트|지침"
    "|지시|비밀번호|암호|النظام|تعليمات|كلمة|المطالبة|प्रॉम्प्ट|निर्देश|पासवर्ड|गुप्त|নির্দেশ|পাসওয়ার্ড|instruksi|kata sandi|lời nhắc|hướng dẫn|hệ thống"
    "|mật khẩu|istem|sistem|talimat|parola|[sş]ifre|พรอมต์|คําสั่ง|คำสั่ง|รหัสผ่าน|tagubilin"
)
_MODES = (
    r"(?:modo (?:dios|desarrollador|sistema|mantenimiento|administrador|manutenzione|manuten[cç][aã]o|deus|sviluppatore|divino)|mode (?:dieu|d[eé]veloppeur|syst[eè]me|maintenance|administrateur|tuhan|pengembang|sistem|pemeliharaan)"
    r"|modalit[aà] (?:di )?(?:manutenzione|sviluppatore|sistema|dio|amministratore)|(?:gott|system|entwickler|wartungs|administrator)-?modus|modus (?:tuhan|sistem|pengembang)"
    r"|режим (?:бога|разработчика|системы|обслуживания|администратора)|(?:системный|режим) режим|系统模式|上帝模式|开发者模式|维护模式|管理员模式|システムモード|神モード|ゴッドモード|開発者モード|メンテナンスモード"
    r"|시스템 모드|신 모드|개발자 모드|유지 ?보수 모드|관리자 모드|وضع (?:النظام|الإله|المطور|الصيانة)|(?:सिस्टम|भगवान|गॉड|डेवलपर|रखरखाव|व्यवस्थापक|ईश्वर) (?:मोड|मॉडल)"
    r"|(?:সিস্টেম|ঈশ্বর|গড|ডেভেলপার) মোড|โหมด(?:ระบบ|พระเจ้า|ผู้พัฒนา|นักพัฒนา|บำรุงรักษา|บํารุงรักษา)|chế độ (?:hệ thống|thần|nhà phát triển|bảo trì|chúa)|(?:sistem|tanr[ıi]|geli[sş]tirici|bak[ıi]m|y[oö]netici) modu)"
)
_OVERRIDE_MODES = (
    r"(?:(?:\boverride|オーバーライド|ओवरराइड|ওভাররাইড|오버라이드|覆盖|超控|ghi đè|แทนที่|تجاوز).{0,12}(?:mode\b|modus|モード|मोड|মোড|모드|模式|chế độ|โหมด|وضع)"
    r"|(?:\bmode|\bmodo|\bmodalit[aà]|\bmodus|режим\w*|chế độ|وضع|โหมด).{0,25}(?:override|d'annulation|anulaci[oó]n|prioritaire|sovrascrittura|переопредел|обход|ghi đè|timpa|تجاوز|แทนที่|substitui)"
    r"|(?:[uü]berschreibungs|override-|verifi[sz]ierungs)modus)"
)
_YOUR_MAKER = (
    r"(?:\b(?:tu|su|vuestro) (?:desarrollador|creador|administrador|programador)|\b(?:ton|votre) (?:d[eé]veloppeur|cr[eé]ateur|administrateur|programmeur)"
    r"|\b(?:dein|ihr|euer) (?:entwickler|sch[oö]pfer|administrator|programmierer)|\b(?:il )?(?:tuo|vostro) (?:sviluppatore|creatore|amministratore|programmatore)"
    r"|\bseu (?:desenvolvedor|criador|administrador|programador)|(?:ваш|твой) (?:разработчик|создател|администратор|программист)|你的(?:开发者|创造者|管理员|开发人员)|您的(?:开发者|创造者|管理员|开发人员)"
    r"|あなたの(?:開発者|作成者|管理者)|(?:당신의|너의) (?:개발자|창조자|관리자)|(?:आपका|तुम्हारा) (?:डेवलपर|निर्माता|व्यवस्थापक)|আপনার (?:ডেভেলপার|নির্মাতা|বিকাশকারী)"
    r"|(?:pengembang|pencipta|administrator) (?:anda|kamu)\b|nhà phát triển của bạn|geli[sş]tiricin\w*|yarat[ıi]c[ıi]n\w*|ผู้พัฒนาของคุณ|นักพัฒนาของคุณ|\biyong (?:developer|tagalikha)|مطورك|مطوّرك|المطور الخاص بك)"
)
_DECODE = (
    r"(?:d[eé]cod|descod|decif|d[eé]chiffr|dekod|entschl[uü]ssel|декод|расшифр|解码|解碼|デコード|解読|디코딩|디코드|해독|فك شفرة|فك تشفير|تفك|डीकोड|ডিকোড|ถอดรหัส|giải mã"
    r"|[cç][oö]z|i-?decode|mendekode|memecahkan)"
)
_CIPHER = (
    r"(?:rot-?13|mors|c[aä]esar|c[eé]sar|cesare|base ?64|hexad|bin[aá]r|binari|seser|سيزر|قيصر|مورس|سداسي|ثنائي|मोर्स|सीज़र|सीजर|बाइनरी|हेक्स|মোর্স|সিজার|বাইনারি|হেক্স|シーザー|モールス"
    r"|バイナリ|16進|카이사르|시저|모스|이진|16진|凯撒|摩尔斯|摩斯|二进制|十六进制|морз|цезар|двоичн|шестнадц|มอร์ส|ซีซาร์|ไบนารี|ฐานสิบหก|nhị phân|thập lục|sezar|ikili|onalt[ıi]l[ıi]|biner|heksa)"
)
_KEYWORD = (
    r"(?:contrase[nñ]a|clave secreta|\bsenha|mot de passe|cl[eé] secr[eè]te|passwort|kennwort|chiave segreta|la password|пароль|密码|密碼|密钥|パスワード|비밀번호|암호|كلمة المرور|كلمة السر"
    r"|पासवर्ड|गुप्त कुंजी|পাসওয়ার্ড|kata sandi|mật khẩu|parola|[sş]ifre|รหัสผ่าน|ang password)"
)
_ASK = (
    r"(?:comparti|confirm|cu[aá]l es|dime|qual [eé]|qual [eè]|partag|quel(?:le)? est|donne|teil|best[aä]tig|was ist|wie lautet|condivid|dimmi|поделит|подтверд|какой|скажи|сообщ|какие|что такое"
    r"|分享|确认|是什么|告诉|教えて|共有|確認し|は\?|何です|공유|확인해|무엇|뭐|알려|شارك|تؤكد|تأكيد|ما هي|أخبرن|साझा|पुष्टि|क्या है|क्या होगा|बता|শেয়ার|নিশ্চিত|কি\b|বল|bagikan|konfirmasi|apa|chia sẻ|xác nhận"
    r"|là gì|payla[sş]|onayla|nedir|s[oö]yle|แชร์|ยืนยัน|คืออะไร|บอก|ibahagi|kumpirma|ano)"
)
_REGARDLESS = (
    r"(?:independentemente d|independientemente de|sin importar|a pesar de|apesar d|ind[eé]pendamment de|malgr[eé]|quelles que soient|unabh[aä]ngig von|ungeachtet|trotz|indipendentemente da"
    r"|nonostante|независимо от|несмотря на|вопреки|ongeacht|terlepas dari|bất kể|bağımsız olarak|rağmen|不管|无论|無論|に関係なく|に関わらず|상관없이|بغض النظر عن|के बावजूद|की परवाह किए बिना|โดยไม่คำนึงถึง|sa kabila ng|অগ্রাহ্য)"
)
_TASKS = (
    r"(?:tarefas?|instru[cç]|instruc|tareas?|t[aâ]ches?|consignes|instructions|anweisung|aufgabe|istruzion|compit|инструкц|задач|указани|opdracht|tugas|instruksi|hướng dẫn|nhiệm vụ|talimat|g[oö]rev"
    r"|指令|指示|任务|任務|タスク|지시|작업|تعليمات|المهام|निर्देश|कार्य|คำสั่ง|คําสั่ง|งาน|tagubilin|gawain|নির্দেশ|কাজ)"
)


def _either_way(one: str, other: str, gap: int) -> str:
    return f"(?:{one}.{{0,{gap}}}{other}|{other}.{{0,{gap}}}{one})"


def _sign(kind: str, weight: float, source: str, hint: str = "") -> Sign:
    return Sign(kind, weight, plainly(source), plainly(hint.replace(r"\w*", "")))


_GERMAN_ORDERS = r"(?:anweisung|regel|vorgabe|richtlinie|instruktion|befehl)\S*"
_SYSTEM_PROMPT = (
    r"(?:system ?-?prompt|systeemprompt|prompt\S* (?:del? |di |do |van het )?(?:sistema|syst[eè]me|systemow\S*|systeem|sistem)|systemov[yý] prompt|системн\S+ (?:промпт|запрос|инструкц)|системний промпт|系统提示|系统指令|系統提示"
    r"|システムプロンプト|시스템 ?프롬프트|موجه النظام|تعليمات النظام|सिस्टम प्रॉम्प्ट|সিস্টেম প্রম্পট|sistem (?:komut|istem|talimat|mesaj)\S*|instruksi sistem|lời nhắc hệ thống|พรอมต์ระบบ|คำสั่งระบบ|הנחיית המערכת|instrucciones (?:de|del) sistema|instru[cç][oõ]es d[eo] sistema|istruzioni di sistema)"
)
_ASKED = r"(?:\?|؟|\b(?:tu|tus|tua|tuo|tue|ton|tes|votre|vos|dein\S*|ihr\S*|je|jouw|uw|din|dine|ditt|tw[oó]j\S*|tv[uů]j|kamu|anda|senin)\b|тво\S|ваш|你的|您的|あなた|너의|네 |당신|الخاصة بك|तुम्हार|आपक|তোমার|আপনার|của bạn|ของคุณ|שלך)"
_GIVEN = (
    r"(?:(?:qu[eé]|cu[aá]les) (?:son las )?instrucciones (?:te |se te |has |recib|tienes)|(?:quais|que) instru[cç][oõ]es (?:voc[eê]|tu|te|foram)|quelles (?:instructions|consignes|r[eè]gles) (?:as-tu|avez-vous|t'ont|vous|t'a)"
    r"|(?:quali|che) (?:istruzioni|regole) (?:ti|hai|vi)|welche (?:anweisungen|regeln|instruktionen|vorgaben) (?:hast|haben|wurden|hat man|befolgst)|welke (?:instructies|regels) (?:heb|kreeg|zijn)|jakie (?:instrukcje|polecenia) (?:otrzyma|dosta|masz)"
    r"|какие (?:\S+ )?(?:инструкции|указания|правила) (?:тебе|вам|ты|вы)|(?:hangi|ne gibi) talimatlar\S* (?:ald|veril)|(?:instruksi|perintah) apa (?:yang )?(?:kamu|anda)|bạn (?:đã )?(?:được|nhận) (?:\S+ ){0,3}(?:hướng dẫn|chỉ dẫn|lệnh) (?:gì|nào)"
    r"|你(?:收到|得到|被给|有)(?:了)?(?:什么|哪些)(?:指令|指示|规则|提示)|どんな(?:指示|命令|ルール)を(?:受け|与え|もら)|어떤 (?:지시|지침|명령)\S* (?:받|주어)|(?:regeln|vorgaben|anweisungen),? die (?:dir|ihnen) \S+ (?:\S+ )?(?:gegeben|gab|vorgegeben)|(?:r[eè]gles|consignes|instructions) (?:que|qu')\S* ?\S* (?:t'a|t'ont|vous a) donn)"
)
_GIVEN_WORDS = r"(?:instruc|instru[cç]|instrukc|consignes|r[eè]gles|regole|istruzioni|anweisungen|regeln|vorgaben|instruktionen|instruksi|perintah|polecenia|инструкц|указани|правила|talimatlar|hướng dẫn|chỉ dẫn|lệnh|指令|指示|规则|提示|命令|ルール|지시|지침|명령)"
_ABOVE_WORDS = (
    r"(?:上面|以上|之前|前面|上記|上の|위의?|alles|todo lo|tout ce qui|tudo|tutto|вс[её],? что|yukar[ıi]daki)"
)
_ALL_ABOVE = (
    r"(?:(?:上面|以上|之前|前面)的?(?:所有|全部)?(?:内容|文字|文本|话|對話|对话).{0,12}(?:输出|重复|复述|打印|翻译|輸出|重複|写出)|(?:输出|重复|复述|打印|翻译)(?:上面|以上|之前)的?(?:所有|全部)?(?:内容|文字|文本)"
    r"|(?:上記|上)の(?:内容|文章|テキスト|文).{0,12}(?:そのまま|出力|繰り返)|위의? (?:모든 )?(?:내용|텍스트|문장).{0,12}(?:출력|반복|그대로)|(?:wiederhole|gib|drucke?) .{0,10}alles (?:\S+ ){0,2}(?:oben|obige|davor|dar[uü]ber|vor diesem)"
    r"|repit\S+ todo lo (?:anterior|que)|r[eé]p[eè]te\S* tout ce qui|repita tudo (?:o que )?(?:est[aá] )?acima|ripeti tutto (?:quanto|quello) (?:sopra|che)|повтори\S* вс[её],? что (?:\S+ )?(?:выше|до)|yukar[ıi]daki (?:her [sş]eyi|t[uü]m metni) (?:tekrarla|yazd[ıi]r))"
)


SIGNS: tuple[Sign, ...] = (
    _sign(
        OVERRIDE,
        0.9,
        rf"\b(?:beacht|befolg)(?:e|en)\b(?: sie)?(?: \S+){{0,3}} {_GERMAN_ORDERS}(?: \S+){{0,2}} nicht\b|\bsetz\S* (?:dich|sie sich) [uü]ber (?:\S+ ){{0,3}}{_GERMAN_ORDERS} hinweg",
        "anweisung|regel|vorgabe|richtlinie|instruktion|befehl",
    ),
    _sign(OVERRIDE, 0.8, f"(?:{_REGARDLESS}.{{0,30}}{_TASKS}|{_TASKS}.{{0,30}}{_REGARDLESS})", _REGARDLESS),
    *(_sign(EXTRACTION, 1.0, source, _ORDERS_AND_KEYS) for source in _EXTRACTIONS),
    _sign(EXTRACTION, 0.8, _either_way(_SYSTEM_PROMPT, _ASKED, 20), _SYSTEM_PROMPT),
    _sign(EXTRACTION, 0.9, _GIVEN, _GIVEN_WORDS),
    _sign(EXTRACTION, 0.9, _ALL_ABOVE, _ABOVE_WORDS),
    _sign(EXTRACTION, 0.8, f"(?:{_KEYWORD}.{{0,40}}{_ASK}|{_ASK}.{{0,40}}{_KEYWORD})", _KEYWORD),
    _sign(ENCODING, 0.9, f"(?:{_DECODE}.{{0,60}}{_CIPHER}|{_CIPHER}.{{0,60}}{_DECODE})", _CIPHER),
    _sign(JAILBREAK, 0.9, _MODES),
    _sign(
        AUTHORITY,
        0.8,
        _OVERRIDE_MODES,
        r"\bmod(?:e|o|us)\b|modalit|modus|モード|मोड|মোড|모드|模式|режим|chế độ|โหมด|وضع",
    ),
    _sign(AUTHORITY, 0.8, _YOUR_MAKER),
)
