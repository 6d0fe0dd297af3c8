"""What a conversation on the customer's own page is called: one address in one case. Pure."""


def thread_key(ticket_code: str, address: str) -> str:
    """>>> thread_key("T-10019", "li@example.cn")
    'T-10019 li@example.cn'
    """
    return f"{ticket_code} {address}"


def address_of(key: str) -> str:
    """The address to which answers in this conversation go.

    >>> address_of("T-10019 li@example.cn"), address_of("chat-1")
    ('li@example.cn', '')
    """
    return key.partition(" ")[2]
