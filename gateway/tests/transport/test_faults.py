from gatepost_gateway.transport import Fault, TransportError


def test_a_fault_says_its_name_its_reason_and_whether_anything_was_sent():
    error = TransportError(Fault.RESET, "the connection broke", sent=True)
    assert (error.fault, error.reason, error.sent) == (Fault.RESET, "the connection broke", True)
    assert str(error) == "reset: the connection broke"
