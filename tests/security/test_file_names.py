"""S31, S32: names of files that letters give in ways which no library would write: each can be downloaded, under a name that is
one."""

import re
from urllib.parse import unquote

from tests.fakes.desk import Desk, letters_come

DISPOSITIONS = [
    rb"filename==?utf-8?q?a=0D=0ASet-Cookie:_x=3D1?=",
    rb"filename*=utf-8''a%0D%0ASet-Cookie%3A%20x%3D1",
    rb"filename*=utf-8''a%00.html%00.png",
    rb'filename=""',
    rb"filename*=utf-8''",
    rb"filename*=utf-8''..%2F..%2F..%2Fetc%2Fpasswd",
    rb"filename*=utf-8''..%5C..%5Cboot.ini",
    rb"filename*=utf-8''%E2%80%AEgpj.exe",
    rb"filename*=utf-8''%2525%252e%252e%252fx",
    rb"filename*0*=utf-8''%22%3B%20filename%2A; filename*1*=%3DUTF-8%27%27evil.html",
    b'filename="' + b"x" * 3000 + b'.txt"',
    b"filename*=utf-8''" + b"%E6%B0%B4" * 400 + b".txt",
    b'filename="\xff\xfe\x01\x02"',
    b'filename="."',
    b'filename=".."',
    b'filename="con.txt. . ."',
    b'filename=" "',
    b"filename*=utf-8''%EF%BC%8F%E2%88%95%E2%A7%B8",
    b"filename*=utf-8''%E2%80%A8Location%3A%20x",
]


async def test_s31_s32_whatever_a_letter_calls_a_file_its_download_has_a_name_and_no_more(desk: Desk) -> None:
    parts = b"".join(
        b"--B\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; "
        + one
        + b"\r\n\r\nfile %d\r\n" % number
        for number, one in enumerate(DISPOSITIONS)
    )
    raw = (
        b"From: li@mail.example\r\nTo: support@shop.example\r\nSubject: Files\r\nMessage-ID: <names@mail.example>\r\n"
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nSee these.\r\n" + parts + b"--B--\r\n"
    )
    (code,) = await letters_come(desk.ctx, [raw])
    await desk.log_in()
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    links = list(dict.fromkeys(re.findall(r'href="(/desk/attachments/\w+)"', page)))
    assert len(links) == len(DISPOSITIONS)
    seen = set()
    for link in links:
        file = await desk.get(link)
        assert file.status == 200 and not {"Set-Cookie", "Location"} & set(file.headers)
        seen.add(file.text.strip())
        found = re.fullmatch(
            r"attachment; filename=\"([A-Za-z0-9._ -]+)\"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)",
            file.headers["Content-Disposition"],
        )
        assert found is not None, file.headers["Content-Disposition"]
        name = unquote(found[2])
        assert not re.search(r"[/\\\x00-\x1f\x7f\u2028-\u202e\u2215\u29f8\uff0f]|^\.|[. ]$", name), name
        assert 0 < len(name.encode()) <= 255
        assert not re.fullmatch(r"(?i)(con|nul)(\..*)?", name), name
    assert seen == {f"file {number}" for number in range(len(DISPOSITIONS))}
