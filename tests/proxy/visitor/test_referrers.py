from collections import Counter

from proxy.visitor.referrers import CLICK_IDS, MEDIUM_SPELLINGS, NOT_SEARCH, SENDERS, Medium


def test_no_host_and_no_name_belongs_to_two_senders() -> None:
    hosts = Counter(host for sender in SENDERS for host in sender.hosts)
    names = Counter(name for sender in SENDERS for name in (sender.name, *sender.aliases))
    assert [host for host, times in hosts.items() if times > 1] == []
    assert [name for name, times in names.items() if times > 1] == []


def test_no_spelling_means_two_mediums() -> None:
    spellings = Counter(spelling for spellings in MEDIUM_SPELLINGS.values() for spelling in spellings)
    assert max(spellings.values()) == 1


def test_every_medium_can_be_spelled() -> None:
    assert set(MEDIUM_SPELLINGS) == set(Medium)


def test_the_table_is_written_as_it_is_looked_up() -> None:
    written = [host for sender in SENDERS for host in (*sender.hosts, sender.name, *sender.aliases)]
    written += [*CLICK_IDS, *NOT_SEARCH, *(s for spellings in MEDIUM_SPELLINGS.values() for s in spellings)]
    assert [word for word in written if word != word.lower() or " " in word or word.startswith("www.")] == []


def test_every_sender_can_be_recognized_by_a_host() -> None:
    assert [sender.name for sender in SENDERS if not sender.hosts] == []
