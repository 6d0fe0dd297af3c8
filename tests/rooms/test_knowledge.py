"""The knowledge base over a real database: what is read when, who finds what, what readers say, what is written down."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.knowledge import categories, find, judge, write
from hub.actions.knowledge.draft_of_ticket import article_from_ticket
from hub.actions.knowledge.find import find_articles, find_ids, suggest
from hub.actions.knowledge.judge import TooMany
from hub.actions.knowledge.write import Facts
from hub.actions.ports import make_ports
from hub.model.articles import Visibility
from hub.model.people import Actor
from storage import help as shelf
from storage import knowledge as stored
from storage.knowledge import ArticleRow, TextRow, Wanted, Words
from storage.knowledge_find import Reader
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, ticket
from tests.fakes.scene import write as letter

PUBLIC = Visibility.PUBLIC


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


def words(title: str, body: str = "", summary: str = "") -> Words:
    return Words(title=title, summary=summary, body=body)


async def draft(ctx: Context, text: Words, language: str = "en", **facts: Any) -> int:
    return await write.new_article(ctx, language=language, text=text, facts=Facts(**facts), actor=SYSTEM)


async def publish(
    ctx: Context,
    number: int,
    text: Words,
    language: str = "en",
    *,
    visibility: Visibility = PUBLIC,
    **more: Any,
) -> int:
    known = {one.language: one.version for one in await texts(ctx, number)}
    done = await write.publish(
        ctx, article_id=number, language=language, version=known.get(language, 0), text=text,
        visibility=visibility, actor=SYSTEM, **more,
    )  # fmt: skip
    return done.number


async def published(ctx: Context, text: Words, language: str = "en", **facts: Any) -> int:
    number = await draft(ctx, text, language, **facts)
    await publish(ctx, number, text, language, visibility=facts.get("visibility", PUBLIC))
    return number


async def texts(ctx: Context, number: int) -> list[TextRow]:
    return await ctx.database.read(lambda c: stored.texts(c, [number]))


async def get(ctx: Context, number: int) -> ArticleRow:
    row = await ctx.database.read(lambda c: stored.article(c, number))
    assert row is not None
    return row


async def listed(ctx: Context, **wanted: Any) -> list[int]:
    found = await ctx.database.read(lambda c: stored.list_articles(c, Wanted(**wanted)))
    return [row.id for row in found]


async def read(ctx: Context, number: int) -> dict[str, str]:
    return {one.language: one.title for one in await judge.read_public(ctx, number)}


async def found(ctx: Context, typed: str, *, public: bool = True) -> list[int]:
    return [one.id for one in await find_articles(ctx, typed, language="en", public=public, alike=False)]


# ── what is read when ───────────────────────────────────────────────────────────────────────────────────────────────────
async def test_what_is_published_is_read_until_the_next_publication_and_every_one_is_kept(
    ctx: Context,
) -> None:
    number = await draft(ctx, words("First"))
    with pytest.raises(NotFound):
        await read(ctx, number)
    assert await publish(ctx, number, words("First")) == 1
    await write.save_text(
        ctx, article_id=number, language="en", version=2, text=words("Second", "new"), actor=SYSTEM
    )
    assert await read(ctx, number) == {"en": "First"}
    (text,) = await texts(ctx, number)
    assert (text.title, text.live, text.changed) == ("Second", 1, True)
    assert await found(ctx, "first") == [number] and await found(ctx, "second") == []
    assert await publish(ctx, number, words("Second", "new")) == 2
    assert await read(ctx, number) == {"en": "Second"}
    assert await found(ctx, "first") == []
    # Gone back to: the old text is written and published anew.
    old = await ctx.database.read(lambda c: stored.version_text(c, number, "en", 1))
    assert old is not None and await publish(ctx, number, old) == 3
    assert await read(ctx, number) == {"en": "First"}
    kept = await ctx.database.read(lambda c: stored.versions(c, number))
    assert [(one.number, one.title) for one in kept] == [(3, "First"), (2, "Second"), (1, "First")]


async def test_two_who_write_at_once_do_not_undo_each_other(ctx: Context) -> None:
    number = await draft(ctx, words("Start"))
    done = await asyncio.gather(
        *(
            write.save_text(
                ctx, article_id=number, language="en", version=1, text=words(f"Mine {n}"), actor=SYSTEM
            )
            for n in range(4)
        ),
        return_exceptions=True,
    )
    refused = [one for one in done if isinstance(one, NotPossible)]
    assert len(refused) == 3 and {one.code for one in refused} == {"article_changed"}
    # Another language is another text; the facts have a version of their own.
    await write.save_text(
        ctx, article_id=number, language="zh_CN", version=0, text=words("开始"), actor=SYSTEM
    )
    await write.change_facts(ctx, article_id=number, version=1, facts=Facts(tags=("x",)), actor=SYSTEM)
    with pytest.raises(NotPossible) as stale:
        await write.change_facts(ctx, article_id=number, version=1, facts=Facts(), actor=SYSTEM)
    assert stale.value.code == "article_changed"


@pytest.mark.parametrize(
    ("text", "facts", "code"),
    [
        (words(" "), {}, "bad_article"),
        (words("x" * 201), {}, "bad_article"),
        (words("x", "y" * 50_001), {}, "bad_article"),
        (words("x"), {"tags": ("a,b",)}, "bad_tag"),
        (words("x"), {"category_id": 99}, "no_such_category"),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    ctx: Context, text: Words, facts: dict[str, Any], code: str
) -> None:
    with pytest.raises(NotPossible) as refused:
        await draft(ctx, text, **facts)
    assert refused.value.code == code
    assert await listed(ctx) == []


async def test_a_translation_falls_behind_and_catches_up(ctx: Context) -> None:
    number = await published(ctx, words("Returns"))
    single = await published(ctx, words("Alone"))
    assert set(await listed(ctx, state="translate")) == {number, single}
    await publish(ctx, number, words("退货"), "zh_CN")
    assert await listed(ctx, state="translate") == [single]
    await publish(ctx, number, words("Returns, anew"), follow=True)
    behind = {one.language: one.behind for one in await texts(ctx, number)}
    assert behind == {"en": False, "zh_CN": True}
    assert set(await listed(ctx, state="translate")) == {number, single}
    await publish(ctx, number, words("退货（新）"), "zh_CN")
    assert not any(one.behind for one in await texts(ctx, number))
    assert await read(ctx, number) == {"en": "Returns, anew", "zh_CN": "退货（新）"}
    await write.withdraw(ctx, article_id=number, language="en", actor=SYSTEM)
    assert await read(ctx, number) == {"zh_CN": "退货（新）"}
    with pytest.raises(NotFound):
        await write.withdraw(ctx, article_id=number, language="en", actor=SYSTEM)


async def test_what_is_put_away_is_gone_for_everybody_and_comes_back_as_it_was(ctx: Context) -> None:
    number = await published(ctx, words("Kettle"))
    await write.set_archived(ctx, article_id=number, archived=True, actor=SYSTEM)
    assert await listed(ctx) == [] and await listed(ctx, archived=True) == [number]
    assert await found(ctx, "kettle") == await found(ctx, "kettle", public=False) == []
    with pytest.raises(NotFound):
        await read(ctx, number)
    with pytest.raises(NotPossible) as refused:
        await publish(ctx, number, words("Kettle"))
    assert refused.value.code == "article_archived"
    await write.set_archived(ctx, article_id=number, archived=False, actor=SYSTEM)
    assert await read(ctx, number) == {"en": "Kettle"}


async def test_every_step_that_readers_notice_is_in_the_audit_trail(ctx: Context) -> None:
    number = await published(ctx, words("Kettle"))
    await write.change_facts(
        ctx,
        article_id=number,
        version=2,
        facts=Facts(visibility=Visibility.INTERNAL, tags=("tea",)),
        actor=SYSTEM,
    )
    await write.withdraw(ctx, article_id=number, language="en", actor=SYSTEM)
    await write.set_archived(ctx, article_id=number, archived=True, actor=SYSTEM)
    acts = await rows(ctx, "SELECT kind, who, details FROM audit WHERE kind LIKE 'article%' ORDER BY id")
    assert [one["kind"] for one in acts] == [
        "article_published", "article_changed", "article_withdrawn", "article_changed",
    ]  # fmt: skip
    assert acts[0]["details"]["changed"] == {"visibility": ["internal", "public"]}
    assert acts[1]["details"]["changed"] == {"visibility": ["public", "internal"], "tags": [[], ["tea"]]}
    assert {one["who"] for one in acts} == {SYSTEM.name}


# ── finding ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_each_reader_finds_what_is_theirs(ctx: Context) -> None:
    public = await published(ctx, words("Kettle for customers"))
    inside = await published(ctx, words("Kettle for colleagues"), visibility=Visibility.INTERNAL)
    sketch = await draft(ctx, words("Kettle in the making"))
    assert set(await find_ids(ctx, "kettle", Reader.WRITTEN)) == {public, inside, sketch}
    assert set(await find_ids(ctx, "kettle", Reader.READ)) == {public, inside}
    assert await find_ids(ctx, "kettle", Reader.PUBLIC) == [public]
    assert [one.id for one in await suggest(ctx, "my kettle", language="en", public=True)] == [public]
    offers = await suggest(ctx, "my kettle", language="en", public=False)
    assert {one.id: one.path for one in offers} == {
        public: f"/help/en/{public}-kettle-for-customers",
        inside: "",
    }


async def test_strangers_search_one_after_the_other(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each search holds whole texts and a thread: hundreds at once would be more than a hub has."""
    await published(ctx, Words(title="Kettle", summary="", body="A kettle"))
    real, now, most = find.by_terms, 0, 0

    def watched(*given: Any) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        time.sleep(0.02)
        found = real(*given)
        now -= 1
        return found

    monkeypatch.setattr(find, "by_terms", watched)
    found = await asyncio.gather(*(find_ids(ctx, "kettle", Reader.PUBLIC) for _ in range(8)))
    assert (most, [len(one) for one in found]) == (1, [1] * 8)


async def test_what_customers_do_not_read_takes_no_place_of_what_they_do(ctx: Context) -> None:
    public = await published(ctx, words("Kettles"))
    await published(ctx, words("A kettle leaking under its bottom seam"), visibility=Visibility.INTERNAL)
    text = "My kettle is leaking under the bottom seam"
    assert [one.id for one in await suggest(ctx, text, language="en", public=True)] == [public]


async def test_an_article_is_offered_in_the_language_that_is_wanted_where_it_has_it(ctx: Context) -> None:
    number = await published(ctx, words("如何开具发票", "在订单页面申请"), "zh_CN", tags=("invoice",))
    (only,) = await suggest(ctx, "I need an invoice", language="en", public=True)
    assert (only.id, only.language) == (number, "zh_CN")
    await publish(ctx, number, words("How to get an invoice"))
    for text in ("请问怎么开发票？", "I need an invoice"):
        (offer,) = await suggest(ctx, text, language="en", public=True)
        assert (offer.id, offer.title) == (number, "How to get an invoice")


async def test_tags_are_found_at_once_also_in_what_is_published(ctx: Context) -> None:
    number = await published(ctx, words("Kettle"))
    assert await found(ctx, "teapot") == []
    await write.change_facts(
        ctx, article_id=number, version=(await get(ctx, number)).version,
        facts=Facts(visibility=PUBLIC, tags=("Teapot",)), actor=SYSTEM,
    )  # fmt: skip
    assert await found(ctx, "teapot") == [number]


async def test_what_helped_comes_first_among_equals(ctx: Context) -> None:
    first, second = [await published(ctx, words("Kettle leaks")) for _ in range(2)]
    for n in range(3):
        await vote(ctx, second, visitor=f"v{n}", helped=True)
    assert await found(ctx, "kettle") == [second, first]
    assert [one.id for one in await suggest(ctx, "my kettle leaks", language="en", public=True)] == [
        second,
        first,
    ]


async def test_lists_are_narrowed_and_come_page_after_page(ctx: Context) -> None:
    shelf_id = await categories.add_category(ctx, title_en="Tea", title_zh="茶", actor=SYSTEM)
    made = [await draft(ctx, words(f"Draft {n}"), category_id=shelf_id) for n in range(3)]
    await publish(ctx, made[0], words("Draft 0"))
    assert await listed(ctx, state="published") == [made[0]] == await listed(ctx, visibility="public")
    assert await listed(ctx, state="draft") == [made[2], made[1]]
    assert await listed(ctx, category=shelf_id) == [made[0], made[2], made[1]]
    assert await listed(ctx, category=0) == await listed(ctx, language="zh_CN") == []
    everything = await ctx.database.read(lambda c: stored.list_articles(c, Wanted(), limit=2))
    last = everything[-1]
    rest = await ctx.database.read(
        lambda c: stored.list_articles(c, Wanted(), before=(last.updated_at, last.id))
    )
    assert [one.id for one in (*everything, *rest)] == [made[0], made[2], made[1]]


async def test_categories_have_an_order_and_a_retired_one_is_none(ctx: Context) -> None:
    one_, two = [
        await categories.add_category(ctx, title_en=title, title_zh="", actor=SYSTEM) for title in ("A", "B")
    ]
    await published(ctx, words("In A"), category_id=one_)
    await categories.move_category(ctx, category_id=two, up=True)
    await categories.move_category(ctx, category_id=two, up=True)  # it is the first already
    assert [one.id for one in await categories.list_categories(ctx)] == [two, one_]
    await categories.change_category(
        ctx, category_id=one_, title_en="A", title_zh="甲", retired=True, actor=SYSTEM
    )
    (shown,) = await ctx.database.read(lambda c: shelf.shelf(c, "en"))
    assert (shown.title, shown.category_id, shown.category_en) == ("In A", None, "")
    with pytest.raises(NotPossible):
        await draft(ctx, words("x"), category_id=one_)


# ── readers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def vote(
    ctx: Context, number: int, *, visitor: str = "v", helped: bool, comment: str = "", peer: str = ""
) -> None:
    await judge.vote(
        ctx, article_id=number, language="en", visitor=visitor, peer=peer or visitor, helped=helped, comment=comment
    )  # fmt: skip


async def test_a_visitor_has_one_vote_and_may_change_it(ctx: Context) -> None:
    number = await published(ctx, words("Kettle"))
    await asyncio.gather(*(vote(ctx, number, visitor="same", helped=n % 2 == 0) for n in range(6)))
    row = await get(ctx, number)
    assert row.helped + row.helped_not == 1
    await vote(ctx, number, visitor="same", helped=False, comment="The picture is missing.\x00")
    await vote(ctx, number, visitor="same", helped=False)
    await vote(ctx, number, visitor="other", helped=True)
    row = await get(ctx, number)
    assert (row.helped, row.helped_not) == (1, 1)
    (said,) = await ctx.database.read(lambda c: stored.comments(c, number))
    assert (said.comment, said.helped) == ("The picture is missing.", False)
    known = await judge.vote_of(ctx, number, "same")
    assert known is not None and not known.helped
    # Who it was is kept nowhere.
    assert await rows(ctx, "SELECT 1 FROM article_vote WHERE encode(visitor, 'escape') LIKE '%same%'") == []


async def test_votes_are_limited_over_all_hubs(ctx: Context) -> None:
    number = await published(ctx, words("Kettle"))
    for n in range(judge.VOTES_OF_A_PEER):
        await vote(ctx, number, visitor=f"v{n}", helped=True, peer="10.0.0.1")
    with pytest.raises(TooMany) as refused:
        await vote(ctx, number, visitor="one more", helped=True, peer="10.0.0.1")
    assert refused.value.retry_after > 0
    await vote(ctx, number, visitor="one more", helped=True, peer="10.0.0.2")
    assert (await get(ctx, number)).helped == judge.VOTES_OF_A_PEER + 1


async def test_nobody_votes_on_what_they_cannot_read(ctx: Context) -> None:
    inside = await published(ctx, words("Inside"), visibility=Visibility.INTERNAL)
    for number in (inside, await draft(ctx, words("Sketch")), 999):
        with pytest.raises(NotFound):
            await vote(ctx, number, helped=True)
    assert await rows(ctx, "SELECT 1 FROM article_vote") == []


# ── out of a ticket, and to the channels ────────────────────────────────────────────────────────────────────────────────
async def test_a_ticket_becomes_one_draft_however_often_it_is_asked_for(ctx: Context) -> None:
    ann = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))
    code = (await ticket(ctx, await letter(ctx, "Li Wei <li@example.cn>", "Where is TW-20500? Li Wei")))[
        "code"
    ]
    await queue_reply(
        ctx, ticket_code=code, actor=ann, text="Dear Li Wei,\nit is on its way to li@example.cn."
    )
    cancelled = await queue_reply(ctx, ticket_code=code, actor=ann, text="A slip of the pen.")
    await one(ctx, "UPDATE outbox SET state = 'cancelled' WHERE interaction_id = $1 RETURNING 1", cancelled)
    number, language = await article_from_ticket(ctx, ticket_code=code, actor=ann)
    assert await article_from_ticket(ctx, ticket_code=code, actor=ann) == (number, language)
    (text,) = await texts(ctx, number)
    assert text.body == "## The question\n\nWhere is […]? […]\n\n## The answer\n\nit is on its way to […]."
    row = await get(ctx, number)
    assert (row.visibility, row.ticket_code, row.author_name) == ("internal", code, "ann")
    await write.set_archived(ctx, article_id=number, archived=True, actor=ann)
    again, _ = await article_from_ticket(ctx, ticket_code=code, actor=ann)
    assert again != number
    with pytest.raises(NotFound):
        await article_from_ticket(ctx, ticket_code=code + 1, actor=ann)


async def test_channels_are_handed_what_is_public_alone(ctx: Context) -> None:
    number = await published(ctx, words("如何退货", summary="三十天内"), "zh_CN")
    await published(ctx, words("退货的内部说明"), "zh_CN", visibility=Visibility.INTERNAL)
    offers = await make_ports(ctx, "form").suggest("请问如何退货", "zh_CN")
    assert [(one.title, one.path, one.language) for one in offers] == [
        ("如何退货", f"/help/zh/{number}-ru-he-tui-huo", "zh_CN")
    ]
