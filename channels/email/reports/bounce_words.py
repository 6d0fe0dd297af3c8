"""The words by which mail systems of many countries say that a letter came back. Data only: patterns, no decision.

Each is linear: no pattern repeats something that may itself repeat without a bound.
"""

# ruff: noqa: E501 - word lists of thirty languages read better unbroken
import re

ROBOT = re.compile(
    r"""(?ix)(?:^|[<"'\s(/.=_-])(?:
      mail(?:er)?[-_. ]?daemon | post[-_. ]?master | mailer@ | mail[-_. ]?delivery[-_. ]?(?:sub)?[-_. ]?system | mail\s?delivery | delivery\s(?:sub)?system
    | mdaemon | mmdf@ | smail | double-bounce | bounces?@ | bounce[-_+] | mail[-_. ]?admin(?:istrator)? | system\sadministrator | microsoft\s?exchange
    | microsoft\soutlook | microsoftexchange[0-9a-f]{32} | mail\s?system | mail\sserver | email\s(?:server|system) | e-?mail\sdelivery | delivery-report | uucp@
    | content-filter | antigen@ | mailsweeper | mailmarshal | mail\sgateway | internet\smail\sdelivery | imail\s | smtp\sserver
    | 系统管理员 | 邮件系统 | 退信 | 系統管理員 | 郵件系統 | systemadministrator | メール配信 | メールシステム
    )"""
)
"""From whom reports come: matched against the whole From header, decoded."""

UNATTENDED = re.compile(
    r"(?i)(?:no|do[-_.]?not)[-_.]?reply|notif|alert|gateway|smtp|deliver|virus|spam|filter|error|bounce|robot|system|server|\bmta\b"
)
"""Who is no mail system by name, but no person either."""

BOUNCED_SUBJECT = re.compile(
    r"""(?ix)
      undeliver | nondeliver | non-deliver | not?\s(?:be\s)?deliver(?:ed|able) | (?:un)?able\sto\s(?:be\s)?(?:deliver|send) | failed\sto\s(?:be\s)?deliver
    | deliver(?:y|ing)\b[^a-z]{1,3}(?:status\b(?!.{0,40}\((?:delay|relay|success|expan))|has\s+failed|failed|failure|error|problem|unsuccessful|report\b(?!.{0,20}success)|notification:?\s+delivery|could\snot|not\spossible|incomplete|impossible|refused|rejected|attempt\sfailed)
    | return(?:ed|ing)\s(?:e?-?mail|to\ssender|message) | (?:e?-?mail|message|letter)\s(?:was\s|has\sbeen\s|is\s|has\s)?(?:returned|rejected|bounced|blocked|refused|undelivered|failed|failure|not\s(?:sent|accepted)|error)
    | failure\snotice | fail(?:ed|ure)\s(?:e?-?mail|delivery|message|to\ssend) | mail\s?system\serror | e?-?mail\sdelivery\s(?:failed|failure|error|problem|system)
    | could\snot\s(?:be\s)?(?:send|sent) | cannot\s(?:be\s)?(?:deliver|send|sent) | can't\sdeliver | user\sunknown | unknown\s(?:user|recipient|address) | no\ssuch\suser | invalid\s(?:recipient|address|user|mailbox)
    | bounced?\b | processing\serror | rejected\smail | problem\swith\s(?:your\s)?delivery | address\snot\sfound | mailbox\s(?:is\s)?(?:full|unavailable) | errors?\sfrom\s\S{1,200}\[
    | unzustellbar | nicht\s(?:zugestellt|zustellbar|zugestellt|übermittelt|ausgeliefert) | zustell\w{0,12}\s(?:ist\s)?(?:fehlgeschlagen|gescheitert|nicht\smöglich) | zustellfehler | übermittlungsstatus\s\(fehl
    | fehlgeschlagen\w{0,3}\szustell | zustellungsfehler | unzustellbare | fehler\sbei\sder\s(?:zustellung|übermittlung) | nachricht\szurückgewiesen | rückläufer
    | non\s?(?:remis|distribu|d[ée]livr|livr)\w{0,6} | [ée]chec\s(?:de|lors|dans)\s[^\n]{0,20}(?:remise|distribution|livraison|envoi|acheminement) | pas\spu\s[êe]tre\s(?:remis|distribu|livr|d[ée]livr|transmis|envoy) | (?:remise|distribution)\s\([ée]chec
    | (?:mensaje|correo)\s(?:no\s(?:se\s)?(?:ha\s)?(?:entregado|pudo|enviado)|devuelto|rechazado) | no\sse\s(?:ha\spodido|pudo|puede|ha)\s(?:entreg|envi) | (?:error|fallo|problema)\s(?:de|en\sla|al)\s(?:entrega|env[ií]) | estado\sde\sentrega\s\((?:error|fall)
    | n[ãa]o\s(?:foi\s)?(?:p[ôo]de\sser\s|[ée]\sposs[íi]vel\s|foi\sposs[íi]vel\s)?(?:entreg|envi) | falha\s(?:na|de|ao)\s(?:entreg|envi) | (?:mensagem|e-?mail)\sdevolvid | entrega\s\(falha
    | non\srecapita\w{0,5} | mancat[oa]\s(?:recapito|consegna) | impossibile\s(?:recapitare|consegnare|inviare) | (?:recapito|consegna)\s(?:non\sriuscit|fallit) | errore\s(?:di|nel)\s(?:recapito|consegna) | recapito\s\((?:errore|non)
    | onbestelbaar | niet\s(?:afgeleverd|bezorgd|worden\sbezorgd|besteld) | bezorg\w{0,8}\smislukt | (?:af)?lever(?:ing|fout)\w{0,4}\s?mislukt | kan\sniet\sworden\s(?:bezorgd|afgeleverd)
    | (?:kunde|kan|kunne)\s(?:inte|ikke)\s(?:leverer?as|leveres|sendes|skickas) | olever | ulever | leverans(?:fel|en\smisslyck) | ikke\s(?:leveret|levert) | leveringsfeil | leveringsfejl
    | ei\s(?:voi(?:da|tu)|ole)\s(?:toimit|perille) | toimitus(?:virhe|\sep[äa]onnistu) | toimittamaton
    | niedostarcz | nie\s(?:mo[żz]na|uda[łl]o\ssi[ęe]|zosta[łl]a?)\s(?:dostarcz) | niedor[ęe]cz | b[łl][ąa]d\sdor[ęe]cz | niepowodzenie\sdostarcz | zwrot\swiadomo
    | nedoru[čc] | nelze\sdoru[čc] | chyba\sdoru[čc] | nepoda[řr]ilo\sdoru[čc] | nepodarilo\sdoru[čc] | ned[áa]\ssa\sdoru[čc]
    | k[ée]zbes[íi]thetetlen | (?:nem|sikertelen)\sk[ée]zbes[íi] | k[ée]zbes[íi]t[ée]si\shiba | (?:imposibil|nu\spoate\sfi|nu\sa\sfost)\s(?:de\s)?livra | nelivrat
    | teslim\sedile | iletileme | ula[şs]t[ıi]r[ıi]lama | g[öo]nderileme | недостав | не\s(?:может\sбыть\s|была?\s|был[ои]\s|удалось\s|удаётся\s)?достав | невозможн\w{0,2}\sдостав | ошибк\w{0,2}\s(?:при\s)?достав | возврат\sписьма
    | не\sвдалося\sдостав | помилка\sдостав | неуспешн\w{0,2}\sдостав | αδύνατη\sη\sπαράδοση | δεν\sπαραδόθηκε | μη\sπαραδοτέ | αποτυχία\sπαράδοσης
    | לא\sנ(?:יתן\sל|מסר) | מסירה\sנכשלה | تعذر\s(?:ال)?(?:تسليم|توصيل|إرسال) | غير\sقابل\sللتسليم | فشل\s(?:في\s)?(?:ال)?(?:تسليم|توصيل|إرسال) | ไม่สามารถ(?:ส่ง|นำส่ง) | ส่งไม่สำเร็จ | không\s(?:thể\s)?(?:gửi|phân\sphối|chuyển) | gagal\s(?:ter)?kirim | tidak\s(?:dapat\s)?(?:ter)?kirim
    | 退信 | 退回邮件 | 邮件退回 | 退件 | 投[递遞](?:失[败敗]|不成功|错误) | (?:无法|無法|不能|未能)(?:投[递遞]|[送发發][达達送]|[传傳][递遞送]) | 未(?:送[达達]|能送[达達]|[传傳][递遞送]|投[递遞]) | (?:[传傳][递遞送]|[发發]送|寄送|遞送)(?:失[败敗]|错误) | 邮件(?:被拒|未能|无法) | 郵件(?:被拒|未能|無法) | 被退回
    | 配[信達送](?:不能|エラー|失敗|できま|されま|に失敗|不可) | 送信(?:エラー|失敗|できま|に失敗|不可|されま) | メール(?:が|を|は)?(?:エラー|配信|送信|お?届)(?:でき|失敗|通知|エラー|不能) | エラーメール | 宛先(?:不明|に届) | 不達 | 未達 | 届(?:きません|けられま)
    | 배달(?:되지|할\s?수|\s?실패|\s?불가) | (?:전송|발송|전달|송신)(?:되지|할\s?수|\s?실패|\s?오류) | 반송
    """
)
"""Subjects of failures. `Re:` and forwards are told apart by the caller."""

DELAYED_SUBJECT = re.compile(
    r"""(?ix) \bdelay | \(delay | warning\W{1,3}(?:message|could\snot\ssend|mail|cannot\ssend) | still\s(?:trying|being\sretried|in\squeue|undelivered) | not\s(?:yet\s)?been\sdelivered\syet | not\syet\s(?:been\s)?deliver | will\sbe\sretried | temporar\w{0,3}\s(?:failure|problem|error) | delivery\sincomplete
    | verz[öo]ger | retard | retras | atras | ritard | vertraag | f[öo]rdr[öo]j | forsink | viiv[äa]st | op[óo][źz]ni | zpo[žz]d | odlo[žz]en | k[ée]sleltet | k[ée]sedel | geci?k | [îi]nt[âa]rzi | задерж | отложен | затрим | забав | καθυστ | עיכוב | مؤجل | تأخ[ري] | ล่าช้า | trễ | tertunda
    | 延[迟遲误誤]|延时|稍后重试|遅延|遅れ|配信中|지연"""
)
DELAYED_TEXT = re.compile(
    r"""(?ix) only\sa\swarning | warning\smessage\sonly | do\snot\sneed\sto\s(?:resend|send\syour) | no\saction\sis\srequired\son\syour\spart | (?:has|have)\snot\s(?:yet\s)?been\sdelivered\s(?:yet|to\sthe\sintended|after\smore)
    | still\s(?:trying\sto|being\sretried) | delivery\sattempts\swill\scontinue | will\s(?:continue\sto\s)?(?:keep\s)?(?:be\s)?retr(?:y|ied) | will\s(?:keep|continue)\strying | delivery\s(?:to\sthe\sfollowing\srecipients?\s)?(?:has\sbeen|is|was)\sdelayed | temporary\sproblem\sdelivering
    | you\swill\sbe\snotified\sif | weitere\szustellversuche | wird\sweiterhin\sversucht | retrasad[oa]\b[^\n]{0,60}seguir | 将继续尝试 | 会继续(?:尝试|重试) | 系统将(?:继续|自动重) | 再送(?:を試み|いたします|します) | 引き続き"""
)
"""What only a report of a letter still under way says."""
DELIVERED_SUBJECT = re.compile(
    r"(?i)\((?:relay(?:ed)?|success(?:ful)?|expanded|delivered)\)|success(?:ful(?:ly)?)?\s(?:mail\s)?deliver|delivery:?\s(?:report\s)?\(?success|^(?:delivered|relayed|zugestellt|remis|entregado|已送达|已传递|已中继|配信済み)\s?[:：]"
)

FAILED_TEXT = re.compile(
    r"""(?ix)
      (?:user|recipient|mailbox|addresse?e?|account|alias|customer)s?\b[^\n]{0,50}\b(?:unknown|not\s(?:found|exist|known|valid|listed|recogni[sz]ed|available|local)|unavailable|does(?:n't|\snot)\sexist|rejected|disabled|inactive|suspended|full|(?:over|exceed\w{0,3})\s(?:its\s|the\s|disk\s|mailbox\s)?(?:quota|storage|size|limit)|invalid|failed|bad|ambiguous|closed|expired|no\slonger)
    | (?:unknown|invalid|bad|no\ssuch|illegal|inactive|disabled|undeliverable|unrout\w{0,4}|incorrect|nonexist\w{0,3}|unresolv\w{0,4})\s(?:local\s|destination\s|e?-?mail\s|mailbox\s|host\s)?(?:user|recipient|mailbox|address|account|host|domain|part)
    | permanent(?:ly)?\s(?:fatal\s|delivery\s)?(?:error|fail) | fatal\serror | (?:could|can|was|were)\s?(?:not|n't)\s(?:be\s)?(?:deliver|sent|forward|routed|process|transmit|reach|accept) | cannot\s(?:be\s)?(?:deliver|send|forward|route) | not\s(?:been\s|be\s)?delivered | undeliver | non-?deliver
    | delivery\s(?:to\sthe\sfollowing|failed|has\sfailed|failure|error|attempt|was\srefused|status) | did(?:\snot|n't)\sreach | unable\sto\s(?:deliver|send|relay|route|open|handle) | fail(?:ed|ure)\s(?:to\s(?:be\s)?(?:deliver|send)|recipient|address) | (?:following|these)\s(?:address|recipient)\S{0,6}\s(?:failed|had|were|was) | returned\s(?:to\s(?:you|sender|the)|mail|message|undeliver|because|below)
    | (?:mail|message|delivery)\s(?:has\sbeen\s|was\s|is\s|been\s|being\s)?(?:returned|rejected|refused|bounced|blocked|looping|discarded) | unrouteable | giving\sup | given\sup | retry\stime\s?(?:out|limit)?\s?(?:not\sreached|exceeded|expired) | too\smany\shops | mail\sloop | quota\sexceeded | over\s?quota | access\sdenied | relay(?:ing)?\sdenied | relay\snot\spermitted | has\s(?:been\sin\sthe\squeue|expired) | host\s(?:unknown|not\sfound) | unknown\shost | no\s(?:mx|route\sto|mailbox)\b | connection\s(?:timed\sout|refused)
    | nicht\s(?:zugestellt|zustellbar|erreicht|ermittelt|gefunden|zugelassen|übermittelt) | unzustellbar | fehlgeschlagen | existiert\snicht | unbekannt | postfach[^\n]{0,30}voll
    | n'a\spas\spu | n'ont\spas\spu | introuvable | n'existe\s(?:pas|plus) | non\s(?:remis|distribu|livr) | refus[ée] | [ée]chec | bo[îi]te[^\n]{0,30}pleine | destinataire\sinconnu
    | no\s(?:se\s(?:ha\spodido|pudo|puede|encontr)|existe|pudo|fue|ha\ssido)\b | rechazad | buz[óo]n[^\n]{0,30}llen | n[ãa]o\s(?:p[ôo]de|foi|existe|[ée]\sposs) | rejeitad | caixa[^\n]{0,40}cheia | desconhecid
    | non\s(?:[èe]\sstato|pu[òo]|esiste|trovat|recapit|consegnat) | impossibile | casella[^\n]{0,30}piena | niet\s(?:worden|bezorgd|afgeleverd|gevonden|bestaat) | bestaat\sniet | onbekend | (?:inte|ikke)\s(?:levere|findes|finnes|hitta) | ei\svoi(?:da|tu) | nie\s(?:mo[żz]na|istnieje|zosta[łl]|uda[łl]o) | nelze | neexistuje | nem\s(?:lehet|tal[áa]lhat|k[ée]zbes)
    | bulunamad | mevcut\sde[ğg]il | edileme | не\s(?:найден|существует|может|удалось|доставлен|удаётся|принят) | недостав | переполнен | отклонен | не\s(?:вдалося|існує) | לא\s(?:ניתן|נמצא|קיים) | تعذر | غير\sموجود | ไม่สามารถ | không\s(?:thể|tồn\stại|tìm)
    | 无法 | 無法 | 未能 | 不存在 | 失[败敗] | 拒[绝絕收] | 退[信回] | 已满 | 已滿 | 被拒 | 不正确 | 查无此人 | 用户不[可存] | 空间不足 | 超[过過出](?:限|容量|配)
    | でき(?:ません|なかった) | 見つかりません | 存在しません | 存在しない | ありません | 宛先不明 | いっぱい | 一杯 | 拒否 | 失敗 | 届(?:きません|けられ) | エラー | 受信できない | 配信不能 | 찾을\s수\s없 | 존재하지\s않 | 실패 | 거부 | 할\s수\s없 | 되지\s(?:않|못) | 꽉\s?[찼차]
    """
)
"""That something failed, in the body. Weak alone: people write these words too."""

STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]|\.\d)")
"""RFC 3463 codes."""
REPLY_CODE = re.compile(r"(?:^|[\s:#(<\"'])(5[0-5]\d)(?=[\s-])[\s-]")
"""RFC 5321 answers that are final."""
SMTP_TALK = re.compile(
    r"(?i)(?:^|[\s:#(<\"'>])(?:[45][0-5]\d[ -][#<(]?[45]\.\d{1,2}\.\d{1,3}\b"
    r"|5[0-5]\d[ -](?:-\s)?[#<(\"']{0,2}(?:\S{1,60}@|\S{0,12}\s?(?:user|mailbox|recipient|account|relay|address|message|mail|host|rejected|denied|unknown|policy|spam|quota|requested|no\ssuch|not\s|invalid|permanent|over|access|sorry|unrout|service|transaction|delivery|5\d\d)))"
    r"|#<?\s?#?[45]\.\d\.\d|\brcpt\sto:|\b(?:said|responded|replied|respuesta|returned):?\s{1,3}[\"'#<]?[45]\d\d\b|\bremote (?:host|server|mta|system) (?:said|returned|responded|answered)|^\s{0,4}<{3}\s{1,3}[45]\d\d"
    r"|deliver\w{0,3}\s(?:your\s(?:mail|message)\s)?to\sthe\sfollowing\s(?:recipient|address)|following\s(?:address|recipient)\S{0,6}\s(?:failed|had\s|were\snot)|permanent\sfatal\serror"
)
"""A mail server's own answer, quoted, or a sentence that only mail systems use."""
