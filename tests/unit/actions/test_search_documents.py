"""What an entry is found by."""

from hub.actions.search.documents import field_values


def test_a_note_of_a_task_is_found_by_what_the_task_is_called_and_not_by_what_the_hub_keeps_of_it() -> None:
    fields = {
        "task": 10024,
        "task_step": "made",
        "task_title": "In stock?",
        "queue_en": "Store",
        "queue_zh": "仓库",
    }
    assert field_values(fields) == ["In stock?"]
    assert field_values({"task": "Repair", "queue_en": "none"}) == [
        "Repair",
        "none",
    ]  # a form may call its fields so
