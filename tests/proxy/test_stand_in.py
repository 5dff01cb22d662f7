from proxy.stand_in import StandIn
from proxy.visitor.consent import Answer, Consent
from proxy.visitor.identity import Visitor
from rules.context import make_context
from tests.rules.reading import NOON


def test_visitors_stand_for_themselves() -> None:
    visitor = Visitor(Consent(Answer.SILENT, frozenset()))
    context = make_context({"geo.country": "SE"}, now=NOON)
    assert StandIn().identify(visitor) is visitor
    assert StandIn().imagine(context, "UTC") is context
