"""Failures as mail systems write them without RFC 3464 fields: each of these came to no one, and says so in its own way."""

# ruff: noqa: E501 - wire text reads better unbroken

import pytest

from channels.email.parse import parse_letter

ORIGINAL = """Received: from desk.shop.example ([192.0.2.7]) by mx.shop.example; Mon, 2 Nov 2026 09:00:00 +0000
Message-ID: <sent.t7@shop.example>
From: Support <support@shop.example>
To: {to}
Subject: Your order
MIME-Version: 1.0

Hello"""

SHAPES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "qmail": ("MAILER-DAEMON@mx.there.example", "failure notice",
        "Hi. This is the qmail-send program at mx.there.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<lin@there.example>:\nSorry, no mailbox here by that name. vpopmail (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{original}", ("lin@there.example",)),
    "qmail, remote, two": ("MAILER-DAEMON@mx.there.example", "failure notice",
        "Hi. This is the qmail-send program at mx.there.example.\n\n<lin@there.example>:\n192.0.2.9 does not like recipient.\nRemote host said: 550 5.1.1 unknown\nGiving up on 192.0.2.9.\n\n<mei@there.example>:\n192.0.2.9 does not like recipient.\nRemote host said: 550 over quota\nGiving up on 192.0.2.9.\n\n--- Below this line is a copy of the message.\n\n{original}", ("lin@there.example", "mei@there.example")),
    "sendmail": ("Mail Delivery Subsystem <MAILER-DAEMON@mx.there.example>", "Returned mail: see transcript for details",
        "The original message was received at Mon, 2 Nov 2026 09:00:01 GMT\nfrom desk.shop.example [192.0.2.7]\n\n   ----- The following addresses had permanent fatal errors -----\n<lin@there.example>\n    (reason: 550 5.1.1 <lin@there.example>... User unknown)\n\n   ----- Transcript of session follows -----\n... while talking to mail.there.example.:\n>>> RCPT To:<lin@there.example>\n<<< 550 5.1.1 <lin@there.example>... User unknown\n550 5.1.1 <lin@there.example>... User unknown\n\n   ----- Original message follows -----\n\n{original}", ("lin@there.example",)),
    "sendmail, old": ("Mail Delivery Subsystem <MAILER-DAEMON@mx.there.example>", "Returned mail: User unknown",
        "   ----- Transcript of session follows -----\n>>> RCPT To:<lin@there.example>\n<<< 550 <lin@there.example>... User unknown\n550 lin@there.example... User unknown\n\n   ----- Unsent message follows -----\n{original}", ("lin@there.example",)),
    "exim": ("Mail Delivery System <Mailer-Daemon@mx.there.example>", "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  lin@there.example\n    SMTP error from remote mail server after RCPT TO:<lin@there.example>:\n    host mail.there.example [192.0.2.9]: 550 5.1.1 no such user\n\n------ This is a copy of the message, including all the headers. ------\n\n{original}", ("lin@there.example",)),
    "exim, unrouteable": ("Mail Delivery System <Mailer-Daemon@mx.there.example>", "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. The following address(es) failed:\n\n  lin@there.example:\n    unrouteable mail domain \"there.example\"\n  mei@there.example:\n    unrouteable mail domain \"there.example\"\n\n------ This is a copy of your message, including all the headers. ------\n\n{original}", ("lin@there.example", "mei@there.example")),
    "postfix, as text": ("MAILER-DAEMON@mx.there.example (Mail Delivery System)", "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.there.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\nFor further assistance, please send mail to <help@there.example>\n\n<lin@there.example>: host mail.there.example[192.0.2.9] said: 550 5.1.1\n    <lin@there.example>: Recipient address rejected: User unknown (in reply to\n    RCPT TO command)\n\n{original}", ("lin@there.example",)),
    "courier": ('"Courier mail server at mx.there.example" <>', "NOTICE: mail delivery status.",
        "This is a delivery status notification from mx.there.example,\nrunning the Courier mail server, version 0.65.\n\nThe original message was received on Mon, 02 Nov 2026 09:00:01 +0000\nfrom desk.shop.example (desk.shop.example [192.0.2.7])\n\n---------------------------------------------------------------------------\n\n                           UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<lin@there.example>:\n    mail.there.example [192.0.2.9]:\n>>> RCPT TO:<lin@there.example>\n<<< 550 5.1.1 <lin@there.example>... User Unknown\n\n---------------------------------------------------------------------------\n\nIf your message was also sent to additional recipients, their delivery\nstatus is not included in this report.\n", ("lin@there.example",)),
    "exchange 5.5": ("System Administrator <postmaster@there.example>", "Undeliverable: Your order",
        "Your message\n\n  To:      lin@there.example\n  Subject: Your order\n  Sent:    Mon, 2 Nov 2026 09:00:00 +0000\n\ndid not reach the following recipient(s):\n\nlin@there.example on Mon, 2 Nov 2026 09:00:02 +0000\n    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=us;a= ;p=there\n    MSEXCH:IMS:There:HQ:MX 0 (000C05A6) Unknown Recipient\n", ("lin@there.example",)),
    "exchange 2003": ("postmaster@there.example", "Delivery Status Notification (Failure)",
        "Your message did not reach some or all of the intended recipients.\n\n      Subject:\tYour order\n      Sent:\t11/2/2026 9:00 AM\n\nThe following recipient(s) could not be reached:\n\n      lin@there.example on 11/2/2026 9:00 AM\n            The e-mail account does not exist at the organization this message was sent to.\n            <mx.there.example #5.1.1>\n", ("lin@there.example",)),
    "exchange 2013, html alone": ("Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@there.example>", "Undeliverable: Your order",
        "<html><body><p><b>Delivery has failed to these recipients or groups:</b></p><p><a href=\"mailto:lin@there.example\">lin@there.example</a></p><p>The e-mail address you entered couldn't be found.</p><hr><p>Diagnostic information for administrators:</p><p>Generating server: mx.there.example</p><p>lin@there.example<br>Remote Server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound; not found'</p><p>Original message headers:</p><pre>Received: from desk.shop.example (192.0.2.7) by mx.there.example\nMessage-ID: &lt;sent.t7@shop.example&gt;\nFrom: Support &lt;support@shop.example&gt;\nTo: lin@there.example\nSubject: Your order</pre></body></html>", ("lin@there.example",)),
    "exchange, german": ("Microsoft Outlook <postmaster@there.example>", "Unzustellbar: Ihre Bestellung",
        "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\nlin@there.example\nDie eingegebene E-Mail-Adresse konnte nicht gefunden werden.\n\nDiagnoseinformationen für Administratoren:\n\nGenerierender Server: mx.there.example\n\nlin@there.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n", ("lin@there.example",)),
    "exchange, french": ("Microsoft Outlook <postmaster@there.example>", "Non remis : Votre commande",
        "Échec de la remise pour ces destinataires ou groupes :\n\nlin@there.example\nL'adresse de messagerie que vous avez entrée est introuvable.\n\nInformations de diagnostic pour les administrateurs :\nServeur générateur : mx.there.example\n\nlin@there.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n", ("lin@there.example",)),
    "exchange, spanish": ("Microsoft Outlook <postmaster@there.example>", "No se puede entregar: Su pedido",
        "No se pudo realizar la entrega a estos destinatarios o grupos:\n\nlin@there.example (lin@there.example)\nNo se encontró la dirección de correo.\n\nServidor de generación: mx.there.example\nlin@there.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n", ("lin@there.example",)),
    "exchange, chinese": ("Microsoft Outlook <postmaster@there.example>", "未送达: 您的订单",
        "未能将邮件传递到以下收件人或组:\n\nlin@there.example\n找不到您输入的电子邮件地址。请检查收件人的电子邮件地址。\n\n供管理员使用的诊断信息:\n\n生成服务器: mx.there.example\n\nlin@there.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n", ("lin@there.example",)),
    "exchange, japanese": ("Microsoft Outlook <postmaster@there.example>", "配信不能: ご注文",
        "次の受信者またはグループに配信できませんでした:\n\nlin@there.example\n入力した電子メール アドレスは見つかりませんでした。\n\n管理者向けの診断情報:\n生成サーバー: mx.there.example\n\nlin@there.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n", ("lin@there.example",)),
    "office 365": ("Microsoft Outlook <postmaster@there.example>", "Undeliverable: Your order",
        "Your message to lin@there.example couldn't be delivered.\nlin wasn't found at there.example.\n\nsupport  Office 365  lin\nAction Required    Recipient\n\nUnknown To address\n\nHow to Fix It\nThe address may be misspelled or may not exist.\n\nOriginal Message Details\nCreated Date:  11/2/2026 9:00:00 AM\nSender Address:  support@shop.example\nRecipient Address:  lin@there.example\nSubject:  Your order\n\nError Details\nReported error:  550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient lin@there.example not found by SMTP address lookup\nDSN generated by:  mx.there.example\n", ("lin@there.example",)),
    "notes": ("Notes Mail Server <postmaster@there.example>", "DELIVERY FAILURE: User lin (lin@there.example) not listed in Domino Directory",
        "Your message\n\n  Subject: Your order\n\nwas not delivered to:\n\n  lin@there.example\n\nbecause:\n\n  User lin (lin@there.example) not listed in Domino Directory\n", ("lin@there.example",)),
    "google": ("Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "Delivery Status Notification (Failure)",
        "** Address not found **\n\nYour message wasn't delivered to lin@there.example because the address couldn't be found, or is unable to receive mail.\n\nLearn more here: https://support.example/answer/6596\n\nThe response was:\n\nThe email account that you tried to reach does not exist.\n", ("lin@there.example",)),
    "google, old": ("Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "Delivery Status Notification (Failure)",
        "Delivery to the following recipient failed permanently:\n\n     lin@there.example\n\nTechnical details of permanent failure:\nGoogle tried to deliver your message, but it was rejected by the recipient domain. The error that the other server returned was: 550 550 5.1.1 unknown user (state 14).\n\n----- Original message -----\n\n{original}", ("lin@there.example",)),
    "yahoo": ("MAILER-DAEMON@yahoo.example", "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n<lin@there.example>:\nRemote host said: 550 5.1.1 <lin@there.example>: user unknown [RCPT_TO]\n\n--- Below this line is a copy of the message.\n\n{original}", ("lin@there.example",)),
    "qq": ("PostMaster@qq.com", "系统退信/Systems bounce",
        "<html><body><p>抱歉，您的邮件被退回来了……</p><table><tr><td>原邮件信息：</td></tr><tr><td>时 间</td><td>2026-11-02 17:00:00</td></tr><tr><td>主 题</td><td>您的订单</td></tr><tr><td>收件人</td><td>lin@there.example</td></tr></table><p>退信原因：发送到对方邮箱失败，收件人（lin@there.example）邮箱不存在。</p><p>host mx.there.example[192.0.2.9] said: 550 Mailbox not found</p></body></html>", ("lin@there.example",)),
    "163": ("Postmaster@163.com", "系统退信",
        "您好！\n\n很抱歉，您的邮件未能成功投递。\n\n主题：您的订单\n\n收件人 lin@there.example 退信原因：收件人不存在\n\n英文信息：550 User not found: lin@there.example\n\n建议解决方案：请核实收件人的地址。\n", ("lin@there.example",)),
    "aliyun": ("邮件系统 <postmaster@aliyun.com>", "退信通知",
        "尊敬的用户：\n    您发送的邮件无法投递到以下收件人：\n\n    lin@there.example\n\n    退信原因：对方服务器返回错误 550 5.1.1 unknown user\n", ("lin@there.example",)),
    "sina": ("mailer-daemon@sina.com", "系统退信通知",
        "这是新浪邮件系统的退信通知。\n无法投递的地址：<lin@there.example>\n错误原因：用户不存在\n", ("lin@there.example",)),
    "docomo": ("mail-daemon@docomo.example", "Mail System Error - Returned Mail",
        "This Message was undeliverable due to the following reason:\n\nEach of the following recipients was rejected by a remote mail server.\nThe reasons given by the server are included to help you determine why\neach recipient was rejected.\n\n    Recipient: <lin@there.example>\n    Reason:    5.1.1 ... User unknown\n", ("lin@there.example",)),
    "ezweb": ("Postmaster@ezweb.example", "Mail System Error - Returned Mail",
        "The user(s) account is disabled.\n\n<lin@there.example>\n\n--------------------------------------------------------------\n\n{original}", ("lin@there.example",)),
    "kddi": ("no-reply@carrier.example", "メールエラー通知",
        "送信先のメールボックスが一杯のため、送信できませんでした。\n\nYour mail sent on: Mon, 2 Nov 2026 18:00:00 +0900\n     Could not be delivered to: <lin@there.example>\n     As their mailbox is full.\n\n{original}", ("lin@there.example",)),
    "imail": ("IMail Mail Delivery <postmaster@there.example>", "Undeliverable Mail ",
        "Unknown user: lin@there.example\n\n\nOriginal message follows.\n\n{original}", ("lin@there.example",)),
    "mailmarshal": ("postmaster@there.example", "Undeliverable Mail: \"Your order\"",
        "Your message:\n   From:    support@shop.example\n   Subject: Your order\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected:\n   lin@there.example\n\nAdditional Information\n======================\nOriginal Sender: <support@shop.example>\nSender-MTA: <10.11.12.13>\nRemote-MTA: <10.0.0.1>\nReporting-MTA: <mx.there.example>\nMessageName: <B549996730000.000000000001.0003.mml>\nLast-Attempt-Date: <09:00:03 Mon, 2 November 2026>\n", ("lin@there.example",)),
    "mcafee": ("Postmaster@mx.there.example", "Undeliverable mail, invalid characters in header",
        "--- The following addresses had delivery problems ---\n\n<lin@there.example>   (User unknown)\n\n-----------------------------------------------------\n", ("lin@there.example",)),
    "interscan": ("\"InterScan MSS\" <postmaster@there.example>", "Mail could not be delivered",
        "Sent <<< RCPT TO:<lin@there.example>\nReceived >>> 550 5.1.1 <lin@there.example>... user unknown\n\nUnable to deliver message to <lin@there.example>\n", ("lin@there.example",)),
    "surfcontrol": ("postmaster@there.example", "Message delivery failure",
        "Your message could not be sent.\nA transcript of the attempts to send the message follows.\nThe number of attempts made: 1\nAddressed To: lin@there.example\n\nMon 02 Nov 2026 09:00:02 +0000\nFailed to send to identified host,\nlin@there.example: [192.0.2.9], 550 5.1.1 User unknown\n--- Message non-deliverable.\n", ("lin@there.example",)),
    "groupwise": ("Mailer-Daemon@there.example", "Message status - undeliverable",
        "The message that you sent was undeliverable to the following:\n\tlin@there.example (user not found)\n", ("lin@there.example",)),
    "james": ("postmaster@there.example", "[BOUNCE]",
        "This message could not be delivered. I've provided the following information.\n\nMessage details:\n  Subject: Your order\n  Sent date: Mon Nov 02 09:00:00 GMT 2026\n  MAIL FROM: support@shop.example\n  RCPT TO: lin@there.example\n  From: Support <support@shop.example>\n  To: lin@there.example\n  Size (in bytes): 1024\n\nError message below:\n550 5.1.1 unknown user\n", ("lin@there.example",)),
    "mimecast": ("postmaster@there.example", "[Postmaster] Email Delivery Failure",
        "Delivery to the following recipients failed.\n\nThe email with the subject \"Your order\" sent by <support@shop.example> was rejected by <mx.there.example>.\n\nlin@there.example\n\nServer response: 550 Invalid Recipient\n", ("lin@there.example",)),
    "mailgun": ("Mail Delivery System <MAILER-DAEMON@mailgun.example>", "Undeliverable message",
        "Your message could not be delivered.\n\nRecipient: lin@there.example\nReason: 5.1.1 mailbox does not exist\n", ("lin@there.example",)),
    "mail.ru": ("mailer-daemon@corp.mail.example", "Mail failure.",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  lin@there.example\n    SMTP error from remote mail server after RCPT TO:<lin@there.example>: 550 User not found\n\n**********************\n\nЭто письмо создано автоматически\nсервером Mail.Ru, отвечать на него не нужно.\n\nК сожалению, Ваше письмо не может быть доставлено одному или нескольким получателям:\n", ("lin@there.example",)),
    "1&1": ("Mail Delivery System <mailer-daemon@mail.there.example>", "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n\"lin@there.example\":\nSMTP error from remote server after RCPT command:\nhost: mx.there.example\n5.1.1 unknown\n\n--- The header of the original message is following. ---\n\n{original}", ("lin@there.example",)),
    "verizon": ("post_master@carrier.example", "Undeliverable Message",
        "Error: Invalid user address\n\nError message below:\n550 - Requested action not taken: no such user here\n\nMessage details:\n  Subject: Your order\n  MAIL FROM: support@shop.example\n  RCPT TO: lin@there.example\n", ("lin@there.example",)),
    "facebook": ("Facebook <mailer-daemon@mx.facebook.example>", "Sorry, your message could not be delivered",
        "This message was created automatically by Facebook.\n\nSorry, your message could not be delivered to the following recipient: lin@there.example\n\nRCP-P2 the recipient is not accepting messages\n", ("lin@there.example",)),
    "mdaemon": ("MDaemon at there.example <MDaemon@there.example>", "Warning: there.example - User unknown!",
        "The following data may contain sections which represent BASE64 encoded\nfile attachments.\n\n<lin@there.example> - no such user here.\n\nThere is no user by that name at this server.\n\n: Message contains [1] file attachments\n", ("lin@there.example",)),
    "in the dialogue only": ("Mail Delivery Subsystem <MAILER-DAEMON@mx.there.example>", "Returned mail: Service unavailable",
        "   ----- Transcript of session follows -----\n... while talking to mx.there.example.:\n>>> MAIL From:<support@shop.example>\n<<< 250 fine\n>>> RCPT To:<lin@there.example> NOTIFY=FAILURE\n<<< 550 go away, says abuse-desk@there.example\n", ("lin@there.example",)),
    "in a command in a line": ("Mail Delivery Subsystem <MAILER-DAEMON@mx.there.example>", "Returned mail: Service unavailable",
        "While root@there.example was listening I said RCPT TO:<lin@there.example> and was told no.\n", ("lin@there.example",)),
    "in quoted reason only": ("Mail Delivery Subsystem <MAILER-DAEMON@mx.there.example>", "Returned mail: Host unknown",
        "   ----- Transcript of session follows -----\n550 Host unknown for lin@there.example\n", ("lin@there.example",)),
    "who is named only in the returned letter": ("MAILER-DAEMON@mx.there.example", "Undeliverable mail",
        "Your message could not be delivered: mailbox is full.\n\n----- Original message -----\n{original}", ("lin@there.example",)),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_a_failure_of_its_recipients(shape: str) -> None:
    sender, subject, body, recipients = SHAPES[shape]
    kind = "text/html" if body.startswith("<html") else "text/plain"
    raw = (
        f"Return-Path: <>\nFrom: {sender}\nTo: support@shop.example\nSubject: {subject}\nMessage-ID: <b1@there.example>\n"
        f"MIME-Version: 1.0\nContent-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        + body.replace("{original}", ORIGINAL.replace("{to}", recipients[0]))
    )
    letter = parse_letter(raw.replace("\n", "\r\n").encode())
    assert letter.bounce is not None
    assert letter.is_bounce
    assert letter.bounce.recipients == recipients
    if "{original}" in body or "Message-ID" in body:
        assert letter.bounce.original_message_id == "sent.t7@shop.example"
    if " 5.1.1 " in body:
        assert letter.bounce.status == "5.1.1"
    assert letter.bounce.reason
