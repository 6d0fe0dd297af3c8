"""The words by which signatures, phone footers and sign-offs are known, by language. Only data; signatures.py reads it.

Pieces of regular expressions without groups that capture; every repetition in them is bounded.
"""

# ruff: noqa: E501 - word lists read better unbroken

DEVICES = (
    r"iphone|ipad|ipod|imac|macbook|mac\b|apple watch|android|samsung|galaxy|huawei|honor|xiaomi|redmi|oppo|vivo|oneplus|meizu|htc|nokia|lumia|motorola|"
    r"moto\b|sony|xperia|lg\b|pixel|nexus|blackberry|windows|surface|smartphone|phone|handy|mobile?\b|tablet|téléphone|teléfono|celular|telefono|telefon|"
    r"telefoon|telemóvel|mobil\w*|móvil|cell\b|outlook|gmail|yahoo|aol\b|gmx|web\.de|mail[ -]app|proton ?mail|thunderbird|spark|airmail|mailbird|newton|bluemail|"
    r"k-9|edison mail|type ?app|fairemail|superhuman|zoho|nylas|polymail|acompli|mailbox|tapatalk|verizon|t-mobile|at&t|xfinity|gerät|appareil|dispositivo|apparaat|"
    r"устройств\w*|телефон\w*|мобильн\w*|смартфон\w*|планшет\w*|почт\w*"
)
CJK_DEVICES = (
    r"iphone|ipad|android|安卓|苹果|三星|samsung|galaxy|华为|華為|huawei|荣耀|honor|小米|xiaomi|redmi|红米|oppo|vivo|一加|oneplus|魅族|realme|中兴|联想|手机|手機|平板|移动设备|客户端|"
    r"邮箱|信箱|outlook|foxmail|gmail|yahoo|qq|网易|新浪|阿里|钉钉|企业微信|windows|mac|thunderbird|spark"
)

REGARDS = (
    r"(?:with )?(?:(?:my |our )?(?:best|kind|kindest|warm|warmest|many|friendly) )?regards|rgds|b(?:est)? ?rgds|br|best wishes|best|all the best|yours(?: sincerely| faithfully| truly)?|"
    r"sincerely(?: yours)?|(?:yours )?respectfully|cordially|warmly|take care|"
    r"mit (?:freundlichen?|besten?|herzlichen?|lieben?|vielen) gr[üu](?:ß|ss)(?:en)?|(?:freundliche|viele|liebe|beste|schöne|herzliche|sonnige) gr[üu](?:ß|ss)e(?: aus \w+)?|gr[üu](?:ß|ss)e?|"
    r"mfg|lg|vg|bg|hochachtungsvoll|(?:bien )?cordialement|(?:bien )?à (?:vous|toi)|(?:sincères|meilleures|cordiales) salutations|salutations(?: distinguées)?|cdlt|cdt|"
    r"(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|atentamente|cordialmente|atte|(?:cordiali|distinti|i migliori|tanti) saluti|saluti|un saluto|"
    r"atenciosamente|(?:com os )?(?:melhores )?cumprimentos|att|(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|groet(?:en|jes)?|mvg|"
    r"(?:med )?(?:vänlig|vänliga|bästa|varma) hälsning(?:ar)?|hälsningar|mvh|vh|(?:med )?(?:venlig|vennlig|kærlig) hilsen|(?:de )?(?:bedste|beste) hilsner|hilsen|kh|dbh|"
    r"(?:ystävällisin|parhain|kunnioittavin)? ?terveisin|yst\. ?terv\.?|t|(?:serdecznie )?pozdrawiam(?: serdecznie)?|pozdrowienia|z poważaniem|z wyrazami szacunku|"
    r"(?:s )?(?:přátelským )?pozdrav(?:em)?|с (?:уважением|наилучшими пожеланиями)|з повагою|(?:saygılarım(?:ız)?la|saygılar|iyi (?:çalışmalar|günler))|"
    r"üdvözlettel|cu (?:stimă|respect)|με εκτίμηση|בברכה|مع (?:أطيب )?التحيات|تحياتي|trân trọng|ขอแสดงความนับถือ|salam|hormat (?:saya|kami)|"
    r"此致\s*敬礼|此致|敬礼|順頌|顺颂商祺|順頌商祺|祝商祺|商祺|顺祝商祺|祝好|祝工作顺利|祝您?工作愉快|敬上|谨启|敬具|올림|드림"
)
THANKS = (
    r"(?:many |kind )?thanks?(?: you)?(?: (?:so much|very much|again|a lot|in advance|for your help|and (?:best|kind)? ?regards))?|thx|ty|tia|cheers|(?:vielen |besten |herzlichen )?dank(?:e)?(?: im voraus)?|"
    r"merci(?: (?:beaucoup|d'avance|d’avance))?|(?:muchas )?gracias(?: de antemano)?|grazie(?: mille)?|(?:muito )?obrigad[oa]|(?:alvast )?bedankt|tack(?: på förhand)?|(?:på forhånd )?takk?|"
    r"kiitos|dziękuję|dzięki|děkuji|спасибо|благодарю|дякую|teşekkürler|谢谢！?|謝謝|多谢|感谢|有劳"
)

CONFIDENTIAL = (
    r"confidential|privileged|intended (?:only|solely|recipient|for)|(?:received|receive) (?:this|it) (?:e-?mail |message |communication )?in error|unauthori[sz]ed|legally protected|disclaimer|"
    r"vertraulich|irrtümlich|bestimmungsgemäß|empfänger sein sollten|confidentiel|destinataire|par erreur|confidencial|destinatario|por error|por engano|riservat|per errore|"
    r"vertrouwelijk|geadresseerde|konfidenti|fortrolig|luottamuksell|poufn|důvěrn|конфиденциальн|gizli|保密|机密|机密信息|误收|收件人使用|未经授权|機密|誤送|기밀"
)

CONFIDENTIAL_STEMS = (
    "confiden", "privileged", "intended ", "in error", "unauthori", "legally protected", "disclaimer", "vertraulich", "irrtümlich",
    "bestimmungsgem", "empfänger sein sollten", "destinata", "par erreur", "por error", "por engano", "riservat", "per errore",
    "vertrouwelijk", "geadresseerde", "konfidenti", "fortrolig", "luottamuksell", "poufn", "důvěrn", "конфиденциальн", "gizli",
    "保密", "机密", "误收", "收件人使用", "未经授权", "機密", "誤送", "기밀",
)  # fmt: skip
"""One of these is in whatever CONFIDENTIAL finds; they are looked for first, which is hundreds of times faster."""

FOOTERS = (
    r"(?:sent|written|composed|typed) (?:from|via|with|using|on|through)\b.{1,110}",
    r"(?:get|download|try) (?:the )?(?:outlook for (?:ios|android|mac|windows)|(?:all-new )?aol app|bluemail|typeapp|yahoo mail)\b.{0,60}",
    r"(?:von mein\w+|gesendet (?:von|mit|aus|über)|diese nachricht wurde von|von unterwegs|holen sie sich outlook|outlook für).{0,80}",
    r"envoy[ée]e? (?:de|depuis|à partir|par|avec|via|du)\b.{0,80}|(?:obtenir|téléchargez?) outlook.{0,60}",
    r"(?:enviado|enviada) (?:desde|do|de|a partir|con|via|pelo|por|através)\b.{0,80}|(?:obtener|obter) (?:o )?outlook.{0,60}",
    r"(?:inviato|inviata) (?:da|dal|con|tramite|dallo)\b.{0,80}|(?:scarica|ottieni) outlook.{0,60}",
    r"(?:verzonden|verstuurd) (?:vanaf|vanuit|met|van|via)\b.{0,80}|outlook voor .{0,40} downloaden",
    r"skickat från.{0,60}|(?:sendt|sent) fra.{0,60}|lähetetty .{0,60}|wysłan[eoy] (?:z|przy|za)\b.{0,60}",
    r"(?:odesláno|odoslané) (?:z|ze|pomocou|pomocí)\b.{0,60}|(?:отправлено|надіслано) (?:с|со|из|з|із|через|от)\b.{0,60}",
    r"(?=.{0,60}gönderildi).{0,40}(?:'?(?:den|dan|ten|tan)|aracılığıyla) gönderildi|elküldve .{0,60}|trimis (?:de|din)\b.{0,60}|στάλθηκε από.{0,60}",
    r"נשלח מ.{0,60}|(?:تم الإرسال|أرسلت?|مرسل(?:ة)?) (?:من|بواسطة)\b.{0,60}|được gửi từ.{0,60}|ส่งจาก.{0,60}|dikirim dari.{0,60}",
    r"do you yahoo!?.{0,60}|yahoo mail: .{0,80}",
)
FOOTERS_CHINESE = (
    # and Japanese and Korean
    rf"(?:(?:发|發|寄|傳)(?:送)?自|来自|來自|从|從|由|通过|用|使用)\s?(?:我的\s?)?[^的，。,]{{0,10}}?(?:{CJK_DEVICES})[a-z0-9 .+()版的邮箱邮件应用客户端智能手机機大师号专属商务企业]{{0,20}}(?:发送|發送|傳送|寄出|传送)?",
    r"(?:获取|下载|取得|下載|適用於|适用于)\s?.{0,12}outlook.{0,30}",
    rf".{{0,20}}(?:{CJK_DEVICES}).{{0,12}}(?:から送信|より送信|から|で送信|에서\s?보냄|에서\s?전송|에서\s?발송).{{0,10}}",
    r".{0,12}(?:から送信(?:されました)?|에서\s?보냄)",
    r"outlook\s?for\s?(?:ios|android)\s?を(?:入手|取得)|(?:android|ios)용\s?outlook.{0,20}|yahoo!メール.{0,20}",
)
CHINESE_STEMS = (*CJK_DEVICES.split("|"), "から送信", "에서")
"""One of these is in whatever FOOTERS_CHINESE match."""
SENTENCE = r",\s(?:is|it|it's|so|and i|because|but|then|which|where|i|we|you|please (?:call|send|let))\b|\b(?:is|was|are|were|has|have|did|but|because|yesterday|last)\b"
"""What shows that "Sent from …" is the author's own sentence."""

CONTACT = (
    r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{2,60}|\bhttps?://|\bwww\.\w|^\W{0,4}(?:t|m|f|p|c|e|w|tel|phone|ph|mob|mobile|cell|fax|office|direct|e-?mail|web|skype|tél|teléfono|móvil|"
    r"telefon|handy|电话|電話|手机|手機|传真|傳真|邮箱|郵箱|微信|qq|网址|地址|전화|휴대폰|팩스)\W{0,3}[.:：]|^\W{0,4}\(?\+?\d[\d ()./-]{6,24}\W{0,3}$|"
    r"\b(?:tel|phone|mobile|cell|fax)\b.{0,6}\+?\d|\b\w[\w-]{1,40}\.(?:com|org|net|de|fr|co\.uk|cn|io|eu|jp|kr)\b"
)
COMPANY = (
    r"\b(?:ltd|limited|inc|llc|llp|gmbh|ag|kg|ug|s\.?a\.?r?\.?l?|s\.?r\.?l|b\.?v|n\.?v|oy|ab|a/s|aps|sp\. z o\.o|co|corp|pty|plc|company|group|team|department|"
    r"manager|director|engineer|developer|ceo|cto|coo|cfo|president|founder|owner|head of|assistant|officer|consultant|professor|research|support|sales|marketing|leiter\w*|geschäftsführ\w*|"
    r"directeur|gerente|director[ae]|responsable)\b|公司|有限|集团|集團|部门|部$|经理|總監|总监|株式会社|주식회사"
)
LISTS = r"mailing list|unsubscribe|google groups|you received this|abbestellen|désabonn|退订"
"""What the footers that lists append speak of."""

ANNOUNCED = (
    r"[:：]\s*$|\b(?:address|addres|adresse|dirección|indirizzo|endereço|deliver\w*|ship\w*|send (?:it|them|to)|contact|reach|call|follow\w*|below|change|new|liefer\w*|neue)\b.{0,60}$|"
    r"地址|寄到|寄给|送到|送货|收件|收货|联系人|联系方式|联系|如下|以下|改成|改为|换成|住所|届け|送り先|주소|연락처"
)
"""Words above a block by which it is what the letter is about."""
